// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseHook, readDeviceHooks, readHooks} from '../../../userland/kernel/hooks.ts';
import {attribute, message, nest} from './_attributes.ts';

const where = {family: 'bridge', place: 'forward', device: undefined} as const;
const parse = (...attributes: Uint8Array[]) =>
	parseHook(message(12 << 8, Uint8Array.of(7, 0, 0, 0), ...attributes), where);
const big = (value: number) => [0, 0, 0, value];

test('a hook with its function and its module', t => {
	t.deepEqual(parse(attribute(1, big(2)), attribute(4, 'sniff'), attribute(5, 'ips')), {
		...where,
		...{name: 'sniff', module: 'ips', program: undefined, isChain: false},
	});
});

test('a chain of nftables is told from a BPF program', t => {
	const chain = nest(6, attribute(2, big(1)), nest(1, attribute(1, 'filter')));
	const program = nest(6, attribute(2, big(2)), nest(1, attribute(1, big(7))));

	t.like(parse(attribute(4, 'nft_do_chain_bridge'), chain), {isChain: true, program: undefined});
	t.like(parse(attribute(4, 'nf_hook_run_bpf'), program), {isChain: false, program: 7});
});

test('hooks are read, or it is said that the kernel does not tell', async t => {
	const found = await readHooks();

	t.true(found === undefined || Array.isArray(found));
	t.deepEqual((await readDeviceHooks(['no-such-device'])) ?? [], []);
});
