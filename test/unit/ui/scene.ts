// SPDX-License-Identifier: MIT
import test from 'ava';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {parseAnswer, type Status} from '../../../userland/control/protocol.ts';
import {createGrowth} from '../../../userland/control/growth.ts';
import {mostPairs, sceneOf} from '../../../userland/ui/scene.ts';
import {createStage} from '../daemon/_stage.ts';

async function statusOf(daemon: Daemon, change: Partial<Status> = {}): Promise<Status> {
	const want = {peers: 'unless-pairs', pairs: 'some', domains: true} as const;
	const answer = await daemon.handle({op: 'status', want});
	const told = parseAnswer(JSON.stringify(answer));
	if (!told.ok || !told.status) {
		throw new Error('no status');
	}

	return {...told.status, ...change};
}

async function hosted() {
	const stage = createStage();
	for (const domid of [1, 2, 3]) {
		await stage.create(domid);
	}
	stage.bridge(3, 'xenbr1');
	const [host, guest] = [stage.start(0), stage.start(1)];
	stage.start(2);
	await stage.connect(1, 2);

	return {stage, host, guest};
}

test('dom0 shows the host', async t => {
	const {stage, host} = await hosted();
	const scene = sceneOf(await statusOf(host), createGrowth(), 1);
	t.is(scene.side, 'dom0');
	t.deepEqual(
		scene.domains.map(({name, bridges}) => [name, bridges]),
		[
			['Domain-0', [0, 1]],
			['a', [0]],
			['b', [0]],
			['c', [1]],
		],
	);
	t.deepEqual(
		scene.bridges.map(({name}) => name),
		['xenbr0', 'xenbr1'],
	);
	t.like(scene.pairs[0], {state: 'live', a: {name: 'a'}, b: {name: 'b'}, sending: 0});
	t.is(scene.pairs.length, 6);
	t.deepEqual(scene.left, {open: 0, refused: 0});
	await stage.stopAll();
});

test('a daemon that tells no domains tells pairs', async t => {
	const {stage, host} = await hosted();
	const status = await statusOf(host);
	delete status.domains;
	const scene = sceneOf(status, createGrowth(), 1);
	t.deepEqual(scene.domains.map(({name}) => name).sort(), ['Domain-0', 'a', 'b', 'c']);
	t.true(scene.bridges.some(({name}) => name === 'xenbr0'));
	await stage.stopAll();
});

test('a guest shows itself and its peers', async t => {
	const {stage, guest} = await hosted();
	const scene = sceneOf(await statusOf(guest), createGrowth(), 1);
	t.is(scene.side, 'guest');
	t.like(scene.pairs[0], {state: 'live', a: {name: 'this domain', domid: 1}, b: {name: 'b'}});
	t.true(scene.bridges.every(({name}) => name === 'eth0'));
	t.true(scene.domains.some(({name}) => name === 'this domain'));
	await stage.stopAll();
});

test('without peers, without a daemon’s domid: an empty picture', async t => {
	const {stage, guest} = await hosted();
	const change = {peers: [], domid: null, problems: ['endpoint: XenStore hung up']};
	const scene = sceneOf(await statusOf(guest, change), createGrowth(), 1);
	t.deepEqual([scene.domains, scene.pairs, scene.bridges], [[], [], []]);
	t.deepEqual(scene.problems, ['endpoint: XenStore hung up']);
	await stage.stopAll();
});

test('of more pairs than can be drawn the live are, and the others counted', async t => {
	const {stage, host} = await hosted();
	const status = await statusOf(host);
	const [pair] = status.pairs ?? [];
	const pairs = Array.from({length: 1000}, (_, index) => ({
		...(pair ?? t.fail()),
		b: {name: `x${index}`, domid: 100 + index},
		state: index % 2 ? 'refused' : 'live',
		...(index % 2 ? {code: 'policy'} : {code: null}),
	})) as NonNullable<Status['pairs']>;
	const scene = sceneOf({...status, pairs, pairs_left: {open: 3, refused: 5}}, createGrowth(), 1);
	t.is(scene.pairs.length, mostPairs);
	t.true(scene.pairs.every(({state}) => state === 'live'));
	t.deepEqual(scene.left, {open: 3 + 100, refused: 5 + 500});
	await stage.stopAll();
});

test('names that would turn text around are spelled out', async t => {
	const {stage, host} = await hosted();
	await stage.xen.write('/local/domain/1/name', 'a\u202Eb');
	await stage.clock.advance(20_000);
	const scene = sceneOf(await statusOf(host), createGrowth(), 1);
	t.true(scene.domains.some(({name}) => name === 'a\\u{202e}b'));
	t.notRegex(JSON.stringify(scene), /\u202E/);
	await stage.stopAll();
});
