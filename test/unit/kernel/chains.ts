// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseBaseChain, parseTableName} from '../../../userland/kernel/chains.ts';
import {attribute, message, nest} from './_attributes.ts';

const [inet, netdev, bridge] = [1, 5, 7];
const subsystem = 10 << 8;
const about = (type: number, family: number, ...attributes: Uint8Array[]) =>
	message(subsystem | type, Uint8Array.of(family, 0, 0, 0), ...attributes);
const hook = (number: number, ...more: Uint8Array[]) =>
	nest(4, attribute(1, [0, 0, 0, number]), ...more);
const names = [attribute(1, 'f'), attribute(3, 'c')];

test('a base chain with its hook', t => {
	t.deepEqual(parseBaseChain(about(3, bridge, ...names, hook(2))), {
		...{family: 'bridge', table: 'f', name: 'c', hook: 'forward', devices: undefined},
		policy: undefined,
	});
	for (const [number, policy] of ['drop', 'accept', undefined].entries()) {
		const chain = about(3, bridge, ...names, hook(2), attribute(5, [0, 0, 0, number]));

		t.is(parseBaseChain(chain)?.policy, policy as never);
	}
	t.is(parseBaseChain(about(3, bridge, ...names)), undefined);
});

test('a chain of devices names them, where it can', t => {
	const devices = (...list: Uint8Array[]) => nest(4, ...list);
	const parse = (...list: Uint8Array[]) =>
		parseBaseChain(about(3, netdev, ...names, hook(0, devices(...list))));

	t.like(parse(attribute(1, 'vif3.0'), attribute(1, 'vif4.0')), {
		...{family: 'netdev', hook: 'ingress', devices: ['vif3.0', 'vif4.0']},
	});
	// A device by how its name begins, from Linux 6.16 on.
	t.like(parse(attribute(2, 'vif')), {devices: undefined});
	t.is(parseBaseChain(about(3, netdev, ...names, hook(1)))?.hook, 'egress');
	t.is(parseBaseChain(about(3, inet, ...names, hook(5)))?.hook, 'ingress');
	t.is(parseBaseChain(about(3, inet, ...names, hook(9)))?.hook, 'hook 9');
});

test('a notification says which table it is about, and whether chains may have come', t => {
	const table = (type: number) => parseTableName(about(type, inet, attribute(1, 'big one')));
	const name = {family: 'inet', table: 'big one'};

	for (const type of [0, 2, 3, 5, 22, 24]) {
		t.deepEqual(table(type), {...name, what: 'chains'} as never, `type ${type}`);
	}
	for (const type of [6, 8, 9, 11, 12, 14, 18, 20]) {
		t.deepEqual(table(type), {...name, what: 'rules'} as never, `type ${type}`);
	}
	t.is(table(15), undefined);
	t.is(
		parseTableName(message(1 << 8, Uint8Array.of(inet, 0, 0, 0), attribute(1, 'f'))),
		undefined,
	);
});
