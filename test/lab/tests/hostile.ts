// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	diverted,
	holdings,
	inTurn,
	isLive,
	killDaemon,
	patient,
	peer,
	startDaemon,
	writePolicy,
	type Body,
} from '../channel.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {askAgain, breaks, controlGrant, tell, tellUnderFlood, withLiar} from './_liar.ts';

const unwritable =
	(outcome: string): Body =>
	async (t, {lab, a, b}) => {
		const grant = await controlGrant(lab);
		t.is(
			await tell(b, `map-writable ${grant}`),
			`Xen says -1 to mapping grant ${grant} for writing`,
		);
		t.is(await tell(b, 'write-peer'), outcome);
		await a.run('ping -c 3 -i 0.2 b');
		t.true(await isLive(a, 'b'));
	};

const foreignFrames: Body = async (t, {a, b}) => {
	const before = (await peer(a, 'b'))?.dropped_source ?? 0;
	for (const frame of [1, 2, 3]) {
		t.is(await tell(b, 'source 3'), 'a frame from 00:16:3e:00:00:03 to 00:16:3e:00:00:01');
		await until('the frame is dropped', async () => {
			return (await peer(a, 'b'))?.dropped_source === before + frame;
		});
	}
	await a.run('ping -c 3 -i 0.2 b');
	t.like(await peer(a, 'b'), {state: 'live', last_failure: null});
};

const eventStorm: Body = async (t, {a, b}) => {
	t.is(await tell(b, 'storm 20000'), '20000 events');
	await a.run('ping -c 3 -i 0.2 b');
	t.like(await peer(a, 'b'), {state: 'live', last_failure: null});
};

// A ring holds 1048576 bytes.
const lies = [
	['prod 1048592', 'bad-index'],
	['prod 8', 'bad-index'],
	['cons 1048592', 'bad-index'],
	['cons -1048592', 'bad-index'],
	['record-len 0', 'bad-record'],
	['record-len 70000', 'bad-record'],
	['record-len 2000', 'bad-record'],
	['side 9', 'bad-state'],
] as const;

type UnderTraffic = (...args: [...Parameters<Body>, Traffic]) => Promise<void>;

function underTraffic(...bodies: readonly UnderTraffic[]): Body {
	return async (t, given) => {
		const traffic = await Traffic.start(given.a, given.b);
		for (const body of bodies) await body(t, given, traffic);
		await traffic.stop();
	};
}

const everyLie: UnderTraffic = async (t, {lab, a}, traffic) => {
	for (const [at, [lie, reason]] of lies.entries()) {
		t.log(`${await tellUnderFlood(lab, lie)}: ${reason}`);
		await until('a is done with b', async () => (await breaks(a)).length > at, patient);
		t.is((await breaks(a))[at], reason);
		await traffic.flows();
		await askAgain(a);
		await channelUp(lab);
	}
};

/** Without the host role there is no next channel to hide the end of this one. */
const brokenForGood: UnderTraffic = async (t, {lab, dom0, a, b}, traffic) => {
	await killDaemon(dom0);
	await tellUnderFlood(lab, 'prod 24');
	await until('a sees it broken', async () => (await peer(a, 'b'))?.state === 'broken');
	const ordinary = await diverted(a);
	await traffic.flows();
	t.is(await diverted(a), ordinary);
	const {stdout} = await a.run('coloop show b', {timeout: 120_000});
	t.regex(stdout, /broken: bad-index/);
	// What b still maps of ours is not ours to free; all else is.
	const [held] = await holdings(a);
	t.like(held, {channels: 0, maps: 0, ports: 0, grants: held?.deferred});

	await startDaemon(dom0);
	await askAgain(a);
	await channelUp(lab);
	await traffic.flows();
	await writePolicy(dom0, 'version: 1\npairs: []\n');
	await until('nothing is held', async () => (await holdings(a, b)).every(isEmpty), patient);
	await traffic.flows();
};

test(
	'a peer that lies breaks its channel and nothing else',
	labWith({mode: 'icount'}),
	withLiar(
		inTurn({
			'it cannot write our pages': unwritable('writing says -14, and the byte is as it was'),
			'frames from a foreign address are dropped': foreignFrames,
			'events without a cause are harmless': eventStorm,
			'each lie is found out, the next channel is good, a broken one holds nothing':
				underTraffic(everyLie, brokenForGood),
		}),
	),
);

test(
	'a PVH peer cannot write our pages',
	labWith({mode: 'icount', type: 'pvh'}),
	// Xen drops the write behind the writer's back.
	withLiar(unwritable('writing says 0, and the byte is as it was')),
);

function isEmpty(module: Awaited<ReturnType<typeof holdings>>[number]): boolean {
	return module?.channels === 0 && module.grants + module.maps + module.ports === 0;
}
