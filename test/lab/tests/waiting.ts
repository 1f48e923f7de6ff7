// SPDX-License-Identifier: MIT
import test from 'ava';
import {inTurn, load, type Body} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Background, Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {withLab} from '../with-lab.ts';

const slow = {timeout: 600_000};
const port = 11_113;

type Pair = {readonly left: Drive; readonly right: Drive; readonly link: Link};
type Waits = {readonly waits: number; readonly waitsPaid: number};

/** Readers poll busily, because all sockets do; nothing here is told by policy. */
async function pairOf(lab: Parameters<typeof Drive.start>[0], a: Guest, b: Guest): Promise<Pair> {
	for (const machine of [a, b]) {
		await machine.run('sysctl -q net.core.busy_read=50');
		await load(machine);
	}
	const [left, right] = [await Drive.start(lab, a), await Drive.start(lab, b)];
	const link = new Link(left, right, {order: 8});
	await link.connect();
	await b.run(
		`setsid sockperf server --tcp --port ${port} >/dev/null 2>&1 </dev/null &
		until ss -Htln sport = ${port} | grep -q .; do busybox usleep 50000; done`,
		slow,
	);

	return {left, right, link};
}

const pingPong = (seconds: number) =>
	`sockperf ping-pong -i 10.0.0.2 --tcp --port ${port} --msg-size 14 --time ${seconds}`;

/** How many round trips it made; it ends by itself, whatever happened. */
function tripsOf(stdout: string): number {
	return Number(/ReceivedMessages=(\d+)/.exec(stdout)?.[1] ?? Number.NaN);
}

async function waitsOf(end: Drive, other: Drive): Promise<Waits> {
	const {waits, waitsPaid} = await end.channel(other);

	return {waits, waitsPaid};
}

/** What both ends waited meanwhile. */
async function during(
	{left, right}: Pair,
	run: () => Promise<unknown>,
): Promise<readonly [Waits, Waits]> {
	const look = () => Promise.all([waitsOf(left, right), waitsOf(right, left)]);
	const before = await look();
	await run();
	const after = await look();
	const grown = (end: 0 | 1): Waits => ({
		waits: after[end].waits - before[end].waits,
		waitsPaid: after[end].waitsPaid - before[end].waitsPaid,
	});

	return [grown(0), grown(1)];
}

/** Round trips that go on for some seconds, while something happens in their middle. */
async function through(
	a: Guest,
	seconds: number,
	happen: (sockperf: Background) => Promise<unknown>,
): Promise<number> {
	const sockperf = a.spawn(`exec ${pingPong(seconds)}`, {silent: true});
	await a.run('busybox usleep 1000000', slow);
	await happen(sockperf);
	const {stdout} = await sockperf.done;

	return tripsOf(stdout);
}

test('readers wait in Xen', withLab, async (t, given) => {
	const {lab, a, b} = given;
	const pair = await pairOf(lab, a, b);
	const {left, right, link} = pair;

	const answered: Body = async () => {
		let trips = 0;
		const ends = await during(pair, async () => {
			trips = tripsOf((await a.run(pingPong(1), slow)).stdout);
		});
		t.log(trips, ends);
		for (const {waits, waitsPaid} of ends) {
			t.true(waitsPaid > trips / 2, 'most round trips were waited for');
			t.true(waitsPaid > 0.9 * waits, 'and ended by their packet');
		}
	};

	/** The server's CPU has something else to do: it must get it. */
	const besideWork: Body = async () => {
		const work = b.spawn('exec sh -c "while :; do :; done"', {silent: true});
		let trips = 0;
		const [, server] = await during(pair, async () => {
			trips = tripsOf((await a.run(pingPong(1), slow)).stdout);
		});
		await work.stop();
		t.log(trips, server);
		t.true(trips > 0);
		t.true(server.waits <= 2 + trips / 10, 'no wait while a program wants the CPU');
	};

	/** A reader that nothing comes for is awake for a tick at most, and then sleeps. */
	const idle: Body = async () => {
		const ends = await during(pair, () => a.run('busybox usleep 3000000', slow));
		t.log(ends);
		for (const {waits} of ends) {
			t.true(waits < 20);
		}
	};

	const closed: Body = async () => {
		const trips = await through(a, 4, async () => {
			for (let round = 0; round < 5; round++) {
				await link.close();
				await link.connect();
			}
		});
		t.log(trips);
		t.true(trips > 100);
	};

	const unloaded: Body = async () => {
		const trips = await through(a, 4, async () => {
			await right.stop();
			await b.run('rmmod coloop', slow);
		});
		t.log(trips);
		t.true(trips > 100);
	};

	await inTurn({answered, 'beside work': besideWork, closed, idle, unloaded})(t, given);
	await left.forget(right);
	await left.stop();
});
