// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	allowAdapting,
	channelUp,
	holdings,
	inTurn,
	patient,
	peer,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const [small, large] = [128 << 10, 1 << 20];
const slow = {timeout: 600_000};

const startsSmall: Body = async (t, {a, b}) => {
	t.like(await peer(a, 'b'), {ring_bytes: small, peer_ring_bytes: small});
	await a.run('ping -c 20 -i 0.2 b');
	await b.run('ping -c 20 -i 0.2 a');
	t.like(await peer(b, 'a'), {ring_bytes: small, peer_ring_bytes: small});
	t.log(`pages granted by a: ${(await holdings(a))[0]?.grants}`);
	t.deepEqual(await resized(a, b), []);
};

/** Every second of it has traffic, and it ends as iperf3 does when all is well. */
const grows: Body = async (t, {a, b}) => {
	await b.run('iperf3 --server --daemon');
	const {stdout} = await a.run('iperf3 -c b -t 15 -i 1 --json', slow);
	const {intervals, end} = JSON.parse(stdout);
	const rates: number[] = intervals.map(({sum}: {sum: {bits_per_second: number}}) =>
		Math.round(sum.bits_per_second / 1e6),
	);
	t.log(`Mbit/s by second: ${rates.join(' ')}; sent again: ${end.sum_sent.retransmits}`);
	t.true(rates.every(rate => rate > 0));
	await b.run('pkill -x iperf3');

	t.like(await peer(a, 'b'), {state: 'live', ring_bytes: large, peer_ring_bytes: small});
	t.like(await peer(b, 'a'), {state: 'live', ring_bytes: small, peer_ring_bytes: large});
	const {stdout: shown} = await a.run('coloop show b', slow);
	t.regex(shown, /rings: 1\.00 MiB to the peer, 128\.00 KiB from the peer/);
	t.log(`pages granted by a: ${(await holdings(a))[0]?.grants}`);
	t.log(`ms without a channel: ${await away(a)}`);
	const lines = await resized(a, b);
	t.like(lines, [{peer: 'b', reason: 'full', from: small, to: large}]);
	t.is(lines.length, 1);
};

/** Ten minutes, which a machine that counts its time skips where it has nothing to do. */
const shrinks: Body = async (t, {lab, a, b}) => {
	await until(
		'a has given up its large ring',
		async () => (await resized(a)).length > 1,
		patient,
	);
	t.like((await resized(a))[1], {peer: 'b', reason: 'quiet', from: large, to: small});
	await channelUp(lab);
	t.like(await peer(a, 'b'), {ring_bytes: small, peer_ring_bytes: small});
	t.is((await resized(a, b)).length, 2);
};

/** What some daemons have said about sizes, each in its order. */
async function resized(...machines: readonly Guest[]): Promise<unknown[]> {
	return (await Promise.all(machines.map(each => logged(each, 'size.chosen')))).flat();
}

/** How long a machine had no channel between its first and its second. */
async function away(machine: Guest): Promise<number> {
	const [[left], [, back]] = await Promise.all([
		logged(machine, 'channel.closed'),
		logged(machine, 'channel.opened'),
	]);

	return Date.parse(back?.time ?? '') - Date.parse(left?.time ?? '');
}

type Line = {readonly time: string};

async function logged(machine: Guest, event: string): Promise<Line[]> {
	const command = `grep '"${event}"' /var/log/coloopd.log || true`;
	const {stdout} = await machine.run(command, {silent: true});

	return stdout
		.split('\n')
		.filter(Boolean)
		.map(line => JSON.parse(line));
}

test(
	'rings have the size that their traffic needs',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'a quiet channel has small ones': startsSmall,
			'those that a stream fills grow under it': grows,
			'ten quiet minutes make them small again': shrinks,
		}),
		allowAdapting,
	),
);
