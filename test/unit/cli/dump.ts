// SPDX-License-Identifier: MIT
import test from 'ava';
import {columns} from '../../../userland/cli/dump.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {coloop, run, says} from './_coloop.ts';

/* Scripts count on them: columns are added behind these, and none is moved. */
const promised =
	'kind name domid other_name other_domid state code since epoch sent_packets sent_bytes received_packets received_bytes reason rule ring_bytes peer_ring_bytes queues queued_bytes dropped ordinary interface mac other_mac';

test('the columns are those that scripts know', async t => {
	t.is(columns.map(({name}) => name).join(' '), promised);
	const {out} = await coloop(says(), 'dump', '--header');
	t.is(out[0], promised.replaceAll(' ', '\t'));
	t.is(out.length, 2);
});

test('a peer is a line of cells between tabs, with - for what there is not', async t => {
	const peer = peerStatus({
		...{state: 'live', since: 1_799_999_000, ring_bytes: 131_072, queues: 2},
		...{tx_packets: 3, tx_bytes: 300, rx_packets: 4, rx_bytes: 400},
		...{dropped_source: 2, dropped_memory: 1, ordinary: {qdisc: 7, form: 1}},
	});
	const {status, out, err} = await coloop(says(statusOf({peers: [peer]})), 'dump');
	t.is(status, 0);
	t.is(err, '');
	t.deepEqual(out[0]?.split('\t'), [
		...['peer', 'b', '2', '-', '-', 'live', '-', '1799999000', '7', '3', '300', '4', '400'],
		...['-', '90-default.yaml:7:5', '131072', '-', '2', '0', '3', '8', 'eth0'],
		...['00:16:3e:00:00:01', '00:16:3e:00:00:02'],
	]);
});

test('in dom0 pairs follow, in the same columns', async t => {
	const pairs = [pairStatus({state: 'refused', code: 'policy', reason: 'denied by x:1:1'})];
	const {out} = await coloop(says(statusOf({pairs, roles: ['host', 'endpoint']})), 'dump');
	t.is(out.length, 2);
	const cells = out[1]?.split('\t') ?? [];
	t.is(cells.length, columns.length);
	t.deepEqual(cells.slice(0, 7), ['pair', 'a', '1', 'b', '2', 'refused', 'policy']);
	t.is(cells[13], 'denied by x:1:1');
	t.is(cells[15], '-');
});

test('--all asks for every pair', async t => {
	const wants: unknown[] = [];
	for (const flags of [[], ['--all']]) {
		await coloop(
			async request => {
				wants.push(request.op === 'status' && request.want?.pairs);

				return {ok: true, status: statusOf()};
			},
			'dump',
			...flags,
		);
	}
	t.deepEqual([...new Set(wants)].filter(Boolean), ['some', 'all']);
});

for (const [name, cell] of [
	['a\tb', 'a\\tb'],
	['a\nb', 'a\\nb'],
	['a\\tb', 'a\\\\tb'],
	['-', '\\u{2d}'],
	['a\u001b[2J\u202e', 'a\\u{1b}[2J\\u{202e}'],
	['数据库 👩‍🚀', '数据库 👩‍🚀'],
	['a b', 'a b'],
] as const) {
	test(`the name ${JSON.stringify(name)} is one cell`, async t => {
		const peers = [peerStatus({peer: name})];
		const {out} = await coloop(says(statusOf({peers})), 'dump');
		t.is(out.length, 1);
		t.is(out[0]?.split('\t')[1], cell);
		t.is(out[0]?.split('\t').length, columns.length);
	});
}

test('without a daemon there is no line and status 3', async t => {
	const {status, out, err} = await run(['--socket', '/nowhere/x.sock', 'dump']);
	t.is(status, 3);
	t.deepEqual(out, []);
	t.regex(err, /does not answer/);
});
