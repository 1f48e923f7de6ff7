// SPDX-License-Identifier: MIT
//
// Daemons die at any moment and come back: everything converges, and a live channel never notices.
import test from 'ava';
import {createStage, type Stage} from './_stage.ts';

async function stageOf(): Promise<Stage> {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}

	return stage;
}

class Killed extends Error {}

/** Runs until this daemon has done `steps` things that change the world, and dies in the next. */
function dieAfter(stage: Stage, domid: number, steps: number): () => boolean {
	let left = steps;
	let isDead = false;
	stage.knobs(domid).wrapping.before = operation => {
		if (operation === 'read' || operation === 'list' || operation === 'watch') {
			return;
		}
		isDead ||= left-- <= 0;
		if (isDead) {
			throw new Killed('killed');
		}
	};

	return () => isDead;
}

for (const [who, domid] of [
	['the host role', 0],
	['the listening end', 1],
	['the other end', 2],
] as const) {
	test(`${who} dies at each of its steps, and the channel comes up after all`, async t => {
		let steps = 0;
		for (; steps < 40; steps++) {
			const stage = await stageOf();
			const isDead = dieAfter(stage, domid, steps);
			for (const each of [0, 1, 2]) {
				stage.start(each);
			}
			await stage.clock.advance(700);
			for (const [a, b] of [
				[1, 2],
				[2, 1],
			] as const) {
				const known = (await stage.kernel(a).peers()).some(peer => peer.domid === b);
				if (known) {
					stage.kernel(a).want(b);
				}
			}
			await stage.clock.advance(700);
			const died = isDead();
			await stage.stop(domid);
			stage.knobs(domid).wrapping.before = () => {};
			stage.start(domid);
			await stage.connect(1, 2);
			await stage.stopAll();
			if (!died) {
				break;
			}
		}
		t.true(steps > 3 && steps < 40, `${steps} steps`);
	});
}

for (const victims of [[0], [1], [2], [0, 1, 2]]) {
	test(`a live channel survives ten restarts of ${victims.join(', ')}`, async t => {
		const stage = await stageOf();
		for (const domid of [0, 1, 2]) {
			stage.start(domid);
		}
		await stage.connect(1, 2);
		await stage.clock.advance(6000);
		const since = await channelSince(stage);
		const before = await stage.tree();

		for (let time = 0; time < 10; time++) {
			for (const domid of victims) {
				await stage.stop(domid);
			}
			await stage.clock.advance(70 * time);
			for (const domid of victims) {
				stage.start(domid);
			}
			await stage.clock.advance(130 * time);
		}
		await stage.clock.advance(60_000);
		t.deepEqual(await channelSince(stage), since);
		t.deepEqual(withoutHost(await stage.tree()), withoutHost(before));
		await stage.stopAll();
	});
}

async function channelSince(stage: Stage): Promise<Array<bigint | undefined>> {
	const peers = await Promise.all([1, 2].map(domid => stage.kernel(domid).peers()));

	return peers.flat().map(({channel}) => channel?.since);
}

/** The host's number of its own life may differ, and the seconds at which counters began. */
function withoutHost(tree: Record<string, string>): Record<string, string> {
	const stays = ([path]: [string, string]) => !/\/host$|\/stats\//.test(path);

	return Object.fromEntries(Object.entries(tree).filter(stays));
}

test('with no host role a live channel goes on, and no new one comes up', async t => {
	const stage = await stageOf();
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.stop(0);
	await stage.clock.advance(60_000);
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('XenStore out of reach tears down nothing, and is found again', async t => {
	const stage = await stageOf();
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	const since = await channelSince(stage);
	for (const domid of [0, 1, 2]) {
		stage.knobs(domid).wrapping.isDead = true;
	}
	await stage.clock.advance(120_000);
	t.deepEqual(await channelSince(stage), since);
	for (const domid of [0, 1, 2]) {
		stage.knobs(domid).wrapping.isDead = false;
	}
	await stage.clock.advance(60_000);
	t.deepEqual(await channelSince(stage), since);
	stage.kernel(1).fall(2, 'stalled', 'stalled');
	await stage.clock.until('ended', async () => (await stage.state(2, 1)) !== 'live');
	await stage.connect(1, 2);
	await stage.stopAll();
});

test('an endpoint that was away while its peer left cleans up', async t => {
	const stage = await stageOf();
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.stop(1);
	await stage.stop(2);
	await stage.destroy(2);
	await stage.clock.advance(20_000);
	t.is(await stage.state(1, 2), 'live');
	stage.start(1);
	await stage.clock.until('forgotten', async () => (await stage.state(1, 2)) === undefined);
	t.is(await stage.xen.read('/local/domain/1/data/coloop/offers/2'), undefined);
	await stage.stopAll();
});
