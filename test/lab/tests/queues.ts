// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	allowFixed,
	channelBetween,
	diverted,
	inTurn,
	isLive,
	load,
	patient,
	peer,
	start,
	takeBack,
	writePolicy,
	type Body,
} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 240_000};

type Pair = {readonly c: Guest; readonly d: Guest};

/** A test with a channel between c and d, which have two vCPUs each. */
function withPair(body: (given: Parameters<Body>[1] & Pair) => Record<string, Body>): Body {
	return async (t, given) => {
		const {lab, dom0} = given;
		const c = await lab.create('c', {vcpus: 2, memoryMiB: 384});
		const d = await lab.create('d', {vcpus: 2, memoryMiB: 384});
		await start(dom0, allowFixed('c', 'd'));
		for (const guest of [c, d]) {
			await start(guest);
		}
		await channelBetween(c, d);
		await inTurn(body({...given, c, d}))(t, given);
		await takeBack({dom0, a: c, b: d});
		await dom0.run('xl destroy c; xl destroy d');
	};
}

/** The events of each of the module's event channels, by the CPU that took them. */
async function events(guest: Guest): Promise<number[][]> {
	const {stdout} = await guest.run(`awk '$NF == "coloop" {print $2, $3}' /proc/interrupts`);
	const lines = stdout.trim().split('\n');

	return lines.map(line => line.split(' ').map(Number));
}

/** One queue's events arrive at one CPU, the other's at the other. */
function spreads({c, d}: Pair): Body {
	return async t => {
		for (const [guest, name] of [
			[c, 'd'],
			[d, 'c'],
		] as const) {
			t.like(await peer(guest, name), {state: 'live', queues: 2, ring_bytes: 512 << 10});
		}
		await d.run('iperf3 --server --daemon');
		await c.run('iperf3 -c d -P 16 -t 3', slow);
		for (const guest of [c, d]) {
			const counts = await events(guest);
			t.log(`${guest.name}: events by queue and CPU ${JSON.stringify(counts)}`);
			t.is(counts.length, 2);
			const busiest = counts.map(([first = 0, second = 0]) => (first > second ? 0 : 1));
			t.deepEqual([...busiest].sort(), [0, 1]);
			t.true(counts.every(cpus => Math.max(...cpus) > 20));
		}
	};
}

/** Eight files at once, four each way: none of them changes or loses its order. */
function carries(c: Guest, d: Guest): Body {
	return async t => {
		const make = `mkdir -p /tmp/to /tmp/from; head -c 1M /dev/urandom >/tmp/one
			for f in 1 2 3 4; do
				for part in $(seq 16); do echo $f $part; cat /tmp/one; done >/tmp/to/$f
			done; cd /tmp/to; sha256sum *`;
		const sent = await Promise.all([c, d].map(each => each.run(make, slow)));
		const both = 'socat -t 600 -b 65536 OPEN:/tmp/to/$f,rdonly!!CREATE:/tmp/from/$f';
		const servers = d.spawn(
			`for f in 1 2 3 4; do ${both} TCP-LISTEN:710$f & done; wait; echo done`,
		);
		await d.run(
			`until [ $(ss -Htln 'sport >= 7101 and sport <= 7104' | wc -l) = 4 ]; do
				busybox usleep 50000; done`,
		);
		await c.run(`for f in 1 2 3 4; do ${both} TCP:${d.name}:710$f & done; wait`, slow);
		await servers.done;
		const sums = await Promise.all(
			[d, c].map(each => each.run('cd /tmp/from; sha256sum *', slow)),
		);
		t.deepEqual(
			sums.map(({stdout}) => stdout),
			sent.map(({stdout}) => stdout),
		);
	};
}

/** mq is the root, which says nothing; the shaper is the first queue's: dom0 may have made no other. */
function shaped({c, d}: Pair): Body {
	const ping = `ping -c 5 -i 0.2 -W 5 ${d.name}`;

	return async t => {
		await c.run(`tc qdisc replace dev eth0 root handle 1: mq &&
			tc qdisc replace dev eth0 parent 1:1 tbf rate 10mbit burst 32k latency 400ms`);
		const before = await diverted(c);
		await c.run(ping);
		t.is(await diverted(c), before);
		await c.run('tc qdisc del dev eth0 root');
		await c.run(ping);
		t.true((await diverted(c)) >= before + 5);
	};
}

/** The channel comes back with one queue while 8 flows run, as one side's policy says now. */
function shrinks({c, d}: Pair): Body {
	return async t => {
		const iperf3 = c.spawn('iperf3 -c d -P 8 -t 300 -b 2M -i 1 --forceflush');
		await until('iperf3 runs', () => iperf3.stdout().includes('bits/sec'), patient);
		await writePolicy(d, "version: 1\naccept:\n  - allow: '*'\n    queues: 1\n");
		await d.run('coloop down c', slow);
		await until('c has no channel', async () => !(await isLive(c, 'd')), patient);
		await d.run('coloop up c -t 300', slow);
		await channelBetween(c, d);
		t.like(await peer(c, 'd'), {queues: 1, ring_bytes: 512 << 10});
		t.like(await peer(d, 'c'), {queues: 1, ring_bytes: 1 << 20});
		const lines = iperf3.stdout().length;
		await until('all flows go on', () => {
			const last = iperf3.stdout().slice(lines);

			return [5, 7, 9, 11, 13, 15, 17, 19].every(flow =>
				new RegExp(`\\[ *${flow}\\] .* [1-9][0-9.]* [KM]bits/sec`).test(last),
			);
		});
		await iperf3.stop();
	};
}

/** Also with one CPU for both queues, which a policy would not ask for. */
const onOneCpu: Body = async (t, given) => {
	const {lab} = given;
	for (const guest of [lab.a, lab.b]) {
		await load(guest);
	}
	const [a, b] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
	const link = new Link(a, b, {order: 7, queues: 2});
	await link.connect();
	await carries(lab.a, lab.b)(t, given);
	for (const guest of [lab.a, lab.b]) {
		const counts = (await events(guest)).map(([count = 0]) => count);
		t.log(`${guest.name}: events of the queues ${counts.join(', ')}`);
		t.true(counts.length === 2 && counts.every(count => count > 20));
	}
	await link.forget();
	await Promise.all([a.stop(), b.stop()]);
};

test('two queues carry eight streams', labWith({}), onOneCpu);

test(
	'flows spread over the queues of a channel',
	labWith({}),
	withPair(pair => ({
		'two vCPUs, two queues, each with its CPU': spreads(pair),
		'eight streams at once arrive whole': carries(pair.c, pair.d),
		'a shaper of one queue keeps all traffic on eth0': shaped(pair),
		'the smaller number of queues holds, from the next channel on': shrinks(pair),
	})),
);
