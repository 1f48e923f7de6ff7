// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	diverted,
	holdings,
	inTurn,
	killDaemon,
	patient,
	peer,
	startDaemon,
	writePolicy,
	type Body,
} from '../channel.ts';
import {until} from '../until.ts';
import {labWith, type Given} from '../with-lab.ts';
import {
	askAgain,
	findsOut,
	tell,
	tellUnderFlood,
	underTraffic,
	unwritable,
	withLiar,
	type UnderTraffic,
} from './_liar.ts';

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
			'a lying length or index is found out, and a broken channel holds nothing':
				underTraffic(findsOut([['record-len 2000', 'bad-record']]), brokenForGood),
		}),
	),
);

function isEmpty(module: Awaited<ReturnType<typeof holdings>>[number]): boolean {
	return module?.channels === 0 && module.grants + module.maps + module.ports === 0;
}
