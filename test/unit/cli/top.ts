// SPDX-License-Identifier: MIT
import test from 'ava';
import {createRates} from '../../../userland/cli/rates.ts';
import type {Answer} from '../../../userland/control/protocol.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {coloop, run, says} from './_coloop.ts';

test('rates are of the time between two looks', t => {
	const look = createRates();
	const of = (bytes: number, packets: number, dropped = 0) =>
		statusOf({
			peers: [
				peerStatus({
					tx_bytes: bytes,
					tx_packets: packets,
					dropped_backlog: dropped,
					queued_bytes: 9,
				}),
			],
		});
	t.like(look(of(1000, 1), 0)[0], {sent_bytes_per_s: null, packets_per_s: null, queued_bytes: 9});
	t.like(look(of(5000, 5, 2), 2000)[0], {
		...{sent_bytes_per_s: 2000, received_bytes_per_s: 0, packets_per_s: 2, dropped_per_s: 1},
	});
	t.like(look(of(5000, 5, 2), 4000)[0], {sent_bytes_per_s: 0, packets_per_s: 0});
});

test('a new channel begins at zero, and nothing is negative', t => {
	const look = createRates();
	const of = (bytes: number, packets: number) =>
		statusOf({peers: [peerStatus({rx_bytes: bytes, rx_packets: packets})]});
	look(of(1_000_000, 1000), 0);
	t.like(look(of(500, 5), 1000)[0], {received_bytes_per_s: 500, packets_per_s: 5});
	t.is(look(of(500, 5), 1000)[0]?.packets_per_s, 5, 'no time has passed');
});

test('pairs of the host keep their rate until their ends tell more', t => {
	const look = createRates();
	const of = (bytes: number, packets: number) =>
		statusOf({pairs: [pairStatus({a_to_b_bytes: bytes, a_to_b_packets: packets})]});
	look(of(0, 0), 0);
	const rates = [
		look(of(30_000, 30), 5000),
		look(of(30_000, 30), 33_000),
		look(of(90_000, 90), 35_000),
		look(of(90_000, 90), 69_000),
		look(of(90_000, 90), 70_000),
	];
	t.deepEqual(
		rates.map(([rate]) => rate?.sent_bytes_per_s),
		[1000, 1000, 2000, 2000, 0],
	);
});

/** Each look finds more. */
function busy(): () => Promise<Answer> {
	let looks = 0;

	return async () => {
		looks += 1;
		const peers = [
			peerStatus({peer: 'idle', domid: 1, state: 'ready'}),
			peerStatus({
				peer: '数据库',
				domid: 2,
				state: 'live',
				tx_bytes: looks * 1e6,
				tx_packets: looks,
			}),
			peerStatus({peer: '👩‍🚀', domid: 3, state: 'live'}),
		];

		return {ok: true, status: statusOf({peers})};
	};
}

test('-b prints look below look, the busiest first, columns under each other', async t => {
	const {status, out, err} = await coloop(busy(), 'top', '-b', '-i', '2', '-d', '0.01');
	t.is(status, 0);
	t.is(err, '');
	t.is(out.length, 11);
	t.regex(out[0] ?? '', /^coloop top - [\d-]+ [\d:]+, 2 live of 3 peers, 0 B\/s$/);
	t.is(out[1], 'peer    domid  sent  received  packets/s  drops/s  queued  state');
	t.is(out[2], '数据库  2         -         -          -        -     0 B  live');
	t.is(out[3], '👩‍🚀      3         -         -          -        -     0 B  live');
	t.is(out[4], 'idle    1         -         -          -        -     0 B  ready');
	t.is(out[5], '');
	t.regex(out[8] ?? '', /^数据库 +2 +[\d.]+ .iB\/s +0 B\/s +\d+ +0 +0 B {2}live$/);
	t.false(out.join('').includes('\u001b'), 'no colour, no cursor');
});

test('-j is one object a look', async t => {
	const {out} = await coloop(busy(), 'top', '-j', '-i', '2', '-d', '0.01');
	t.is(out.length, 2);
	const [first, second] = out.map(line => JSON.parse(line));
	t.like(first, {schema: 1, version: '0.1.0'});
	t.is(first.rows[0].sent_bytes_per_s, null);
	t.true(second.rows[0].sent_bytes_per_s > 0);
	t.deepEqual(Object.keys(first.rows[0]), Object.keys(second.rows[2]));
});

test('-i 0 looks at nothing, no daemon is status 3', async t => {
	t.deepEqual((await coloop(says(), 'top', '-b', '-i', '0')).out, []);
	t.is((await run(['-s', '/nowhere/x.sock', 'top', '-b', '-i', '1'])).status, 3);
});

for (const argv of [['-d', '0'], ['-d', 'x'], ['-d', '-3'], ['-i', '1.5'], ['-i', '-1'], ['x']]) {
	test(`misused: top ${argv.join(' ')}`, async t => {
		t.is((await run(['top', ...argv])).status, 2);
	});
}
