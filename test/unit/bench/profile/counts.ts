// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	amountBetween,
	amountOf,
	difference,
	functionsOf,
	parseCounts,
	profileText,
	type Share,
} from '../../../bench/profile/counts.ts';
import {kindsOf} from '../../../bench/profile/kinds.ts';
import {Symbols} from '../../../bench/profile/symbols.ts';

// As the files are: not sorted, data among the code.
const xensyms = `ffff82d040200000 T _start
ffff82d040300000 t evtchn.c#send
ffff82d0405ab248 B _end
`;
const kernel = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000200 t copy
ffffffff82000000 D data
`;
const inA = `${kernel}ffffffffc0100000 t xmit	[coloop]
ffffffffc0200000 t hook	[nf_tables]
`;
const inDom0 = `${kernel}ffffffffc0100000 t xmit	[coloop]
ffffffffc0200000 t map	[xen_gntdev]
ffffffffc0200100 r text	[xen_gntdev]
`;
const symbols = new Symbols(xensyms, {a: inA, b: inA, dom0: inDom0});

test('addresses have the name that begins before them', t => {
	t.deepEqual(symbols.at(0x55_5555n), {name: 'user', part: 'user'});
	t.deepEqual(symbols.at(0xffff_82d0_4030_0010n), {name: 'evtchn.c#send', part: 'xen'});
	t.like(symbols.at(0xffff_ffff_8100_0200n), {name: 'copy', part: 'linux'});
	t.is(symbols.at(0xffff_ffff_8100_01ffn).name, '_stext');
	t.is(symbols.at(0xffff_ffff_8200_0010n).name, 'linux?', 'no code');
	t.like(symbols.at(0xffff_ffff_c010_0004n), {name: 'xmit [coloop]', part: 'coloop'});
});

test('where two machines have different modules, both are named', t => {
	t.is(symbols.at(0xffff_ffff_c020_0104n).name, 'hook [nf_tables]', 'data in the other');
	t.is(symbols.at(0xffff_ffff_c030_0000n).name, 'linux?', 'behind the last one');
	t.is(symbols.at(0xffff_ffff_c020_0004n).name, 'hook [nf_tables] (or map [xen_gntdev])');
});

test('what was counted in between, by function', t => {
	const before = parseCounts('ffffffff81000200 100\n400000 50\n');
	const after = parseCounts(
		'ffffffff81000200 160\nffffffff81000240 40\n400000 50\n500000 900\nffff82d040200010 1000\n',
	);
	t.deepEqual(functionsOf(difference(after, before), symbols), [
		{name: '_start', part: 'xen', count: 1000},
		{name: 'user', part: 'user', count: 900},
		{name: 'copy', part: 'linux', count: 100},
	]);
});

test('what a tool has done', t => {
	const sockperf =
		'sockperf: [Total Run] RunTime=1.001 sec; Warm up time=400 msec; SentMessages=3307; ReceivedMessages=3306\n';
	t.deepEqual(amountOf(sockperf), {count: 3306, unit: 'transaction'});
	const ping = '60 packets transmitted, 59 received, 1% packet loss, time 1411ms\n';
	t.deepEqual(amountOf(ping), {count: 59, unit: 'transaction'});
	const iperf3 = JSON.stringify({end: {sum_received: {bytes: 155_000_000}}});
	t.deepEqual(amountOf(iperf3), {count: 155, unit: 'MB'});
	t.is(amountOf('tps = 12\n'), undefined);
});

test('what a long run has more than a short one', t => {
	const [short, long] = [parseCounts('400000 5\n500000 7\n'), parseCounts('400000 9\n')];
	t.deepEqual(
		[...difference(long, short)],
		[
			[0x40_0000n, 4],
			[0x50_0000n, -7],
		],
	);
	const transactions = (count: number) => ({count, unit: 'transaction'}) as const;
	t.deepEqual(amountBetween(transactions(10), transactions(25)), transactions(15));
	t.is(amountBetween(undefined, transactions(25)), undefined);
});

test('shares, sums and instructions for each', t => {
	const functions = [
		{name: 'copy', part: 'linux', count: 600} as const,
		{name: 'xmit [coloop]', part: 'coloop', count: 400} as const,
	];
	const lines = profileText('tcp_rr by channel', {
		...{functions, amount: {count: 10, unit: 'transaction'}},
	});
	t.regex(lines, /^100\.00 % +1000 +100 {2}all$/m);
	t.regex(lines, /^ 60\.00 % +600 +60 {2}linux$/m);
	t.regex(lines, /^ 40\.00 % +400 +40 {2}coloop$/m);
	t.regex(lines, /^ {2}0\.00 % +0 +0 {2}xen$/m);
	t.regex(lines, /^ 40\.00 % +400 +40 {2}xmit \[coloop\]$/m);
});

test('what instructions were spent on', t => {
	const share = (name: string, part: Share['part'], count: number): Share => ({
		name,
		part,
		count,
	});
	const functions = [
		share('user', 'user', 50),
		share('coloop_rx_copy [coloop]', 'coloop', 400),
		share('rep_movs_alternative', 'linux', 300),
		share('common/sched/credit2.c#csched2_schedule', 'xen', 20),
		share('evtchn_2l_handle_events', 'linux', 10),
		share('poll [coloop]', 'coloop', 5),
		share('tcp_ack', 'linux', 4),
	];
	t.deepEqual(kindsOf(functions), [
		{name: 'copies and sums of payload', count: 700},
		{name: 'programs', count: 50},
		{name: 'events, switches between domains', count: 30},
		{name: 'the module, without its copies', count: 5},
		{name: 'sockets, TCP, UDP, IP, devices', count: 4},
	]);
});
