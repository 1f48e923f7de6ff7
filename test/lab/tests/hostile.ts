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
import {labWith, type Given} from '../with-lab.ts';
import {
	askAgain,
	breaks,
	controlGrant,
	refusals,
	takeDown,
	tell,
	tellUnderFlood,
	withLiar,
} from './_liar.ts';

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

const nonsense: Body = async (t, {a, b}) => {
	const before = await received(a);
	t.is(await tell(b, 'nonsense 1000000'), '1000000 records');
	await until('a has got to the end', async () => (await received(a)) >= before + 1_000_000);
	await a.run('ping -c 3 -i 0.2 b');
	t.like(await peer(a, 'b'), {state: 'live', last_failure: null});
};

async function received(a: Given['a']): Promise<number> {
	const {rx_packets = 0, dropped_header = 0} = (await peer(a, 'b')) ?? {};
	return rx_packets + dropped_header;
}

const forgeries = [
	['magic 0', /no control page/],
	['version 0', /speaks version 0/],
	['version 4294967295', /speaks version 4294967295/],
	['order 4', /ring order is 4,/],
	['order 10', /ring order is 10,/],
	['order 4294967295', /ring order is 4294967295,/],
	['epoch 1', /another epoch/],
	['ref 0', /grant/],
	['ref 9', /grant/],
	['ref 4294967295', /grant/],
] as const;

/** Each offer is refused for its lie, and the next one, which is good, is taken. */
const forgedOffers: Body = async (t, {lab, a, b}) => {
	for (const [at, [lie, reason]] of forgeries.entries()) {
		await takeDown(a);
		t.log(await tell(b, `next ${lie}`));
		await askAgain(a);
		await until('a refuses it', async () => (await refusals(a)).length > at, patient);
		t.regex((await refusals(a))[at] ?? '', reason);
		await askAgain(a);
		await channelUp(lab);
	}
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
			'well-formed nonsense is dropped, or is for the network stack to drop': nonsense,
			'an offer that lies is refused with its reason': forgedOffers,
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
