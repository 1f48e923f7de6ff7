// SPDX-License-Identifier: MIT
import test from 'ava';
import {createGuard, type Guard} from '../../../userland/firewall/guard.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';

const on = {ip: true, ip6: true};
const guests = (count: number, first = 1) =>
	Array.from({length: count}, (_, at) => {
		const id = first + at;
		const [high, low] = [id >> 8, id & 0xff].map(byte => byte.toString(16).padStart(2, '0'));
		const mac = `00:16:3e:00:${high}:${low}`;

		return {kind: 'vif', name: `vif${id}.0`, mac, bridge: 'xenbr0'} as const;
	});

const equal = (left: unknown, right: unknown) => ({match: {op: '==', left, right}});
const meta = (key: string) => ({meta: {key}});
const ether = (field: string) => ({payload: {protocol: 'ether', field}});
const drop = {drop: null};

const physdev = (options: object) => ({xt: {type: 'match', name: 'physdev', physdev: options}});
const named = (name: string) => ({name, isInverted: false});
const lock = ({name, mac}: Port) => [
	equal(meta('iifname'), name),
	{match: {op: '!=', left: ether('saddr'), right: mac}},
	drop,
];

function guardOf(
	rules: readonly (readonly unknown[])[],
	{family = 'bridge', policy = 'accept'} = {},
): Guard {
	const table = {family, table: 't'};
	const hook = {type: 'filter', hook: 'forward', prio: 0, policy};
	const nftables = [
		{chain: {...table, name: 'c', handle: 1, ...hook}},
		...rules.map((expr, at) => ({rule: {...table, chain: 'c', handle: at + 2, expr}})),
	];

	return createGuard(parseRuleset(JSON.stringify({nftables})));
}

/** The pairs refused, and the work for all of them. */
function judgeAll(guard: Guard, ports: readonly Port[]) {
	let refused = 0;

	for (const [at, a] of ports.entries()) {
		for (const b of ports.slice(0, at)) {
			if (guard(a, b, on)) {
				refused++;
			}
		}
	}

	return {refused, ...guard.work};
}

const ports = guests(200);

test('200 guests with a lock each: a walk for each that sends, which tries its own lock', t => {
	t.deepEqual(judgeAll(guardOf(ports.map(lock)), ports), {refused: 0, walks: 400, rules: 400});
});

test('the same as a set: the set is found by the device', t => {
	const left = {concat: [meta('iifname'), ether('saddr')]};
	const set = ports.map(({name, mac}) => ({concat: [name, mac]}));
	const guard = guardOf([[equal(left, {set}), {accept: null}], [drop]]);

	t.deepEqual(judgeAll(guard, ports), {refused: 0, walks: 400, rules: 800});
});

test('what Xen writes for each vif: a walk for each pair and way, which tries the rules of both', t => {
	const isBridged = {isInverted: false};
	const rules = ports.flatMap(({name}) => [
		[physdev({isBridged, input: named(name)}), {accept: null}],
		[physdev({isBridged, output: named(name)}), {accept: null}],
	]);
	const guard = guardOf(rules, {family: 'inet', policy: 'drop'});

	t.deepEqual(judgeAll(guard, ports), {refused: 0, walks: 4 * 19_900, rules: 8 * 19_900});
});

test('a thousand ports that no rule names are of one class, and cost one walk a protocol', t => {
	const guard = guardOf([[equal(meta('iifname'), 'vif*'), {accept: null}], ...ports.map(lock)]);
	const others = guests(1000, 1000);

	t.is(new Set(others.map(guard.classOf)).size, 1);
	t.deepEqual(judgeAll(guard, others.slice(0, 100)), {refused: 0, walks: 2, rules: 2});
	t.is(new Set(ports.map(guard.classOf)).size, 200);
});

test('ports that some rule tells apart are of different classes', t => {
	const [a, b] = guests(2);
	if (!a || !b) {
		throw new Error('no guests');
	}
	const classes = (left: unknown, right: unknown, change: Partial<Port>) => {
		const guard = guardOf([[equal(left, right), drop]]);

		return new Set([a, {...a, ...change}].map(guard.classOf)).size;
	};
	const mac = '00:16:3e:00:99:99';

	t.is(classes(meta('mark'), 1, b), 1);
	t.is(classes(meta('iifname'), 'vif*', {name: b.name}), 1);
	t.is(classes(meta('iifname'), 'vif1*', {name: b.name}), 2);
	t.is(classes(meta('oifname'), {set: ['eth0', b.name]}, {name: b.name}), 2);
	t.is(classes(meta('ibrname'), 'xenbr1', {bridge: 'xenbr1'}), 2);
	t.is(classes(ether('saddr'), mac.toUpperCase(), {mac}), 2);
	t.is(classes(ether('saddr'), {range: ['00:16:3e:00:00:00', '00:16:3e:00:00:ff']}, {mac}), 2);
	t.is(classes(ether('saddr'), {prefix: {addr: '00:16:3e:00:00:00', len: 40}}, {mac}), 2);
	t.is(classes(ether('saddr'), {prefix: {addr: '00:16:3e:00:00:00', len: 32}}, {mac}), 1);
	t.is(classes({'&': [ether('daddr'), 'ff:ff:ff:ff:00:00']}, '00:16:3e:00:00:00', {mac}), 1);
	t.is(classes({'&': [ether('daddr'), '00:00:00:00:ff:00']}, '00:00:00:00:99:00', {mac}), 2);
	t.is(classes(meta('mark'), 1, {kind: 'host'}), 2);
});
