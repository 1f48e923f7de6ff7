// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseAnswer} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {hostAlive} from '../../../userland/xenstore/paths.ts';
import {createStage, type Stage} from './_stage.ts';

async function connected(): Promise<[Stage, Daemon]> {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.start(0);
	const guest = stage.start(1);
	stage.start(2);
	await stage.connect(1, 2);
	await stage.clock.advance(30_000);

	return [stage, guest];
}

async function peerOf(daemon: Daemon) {
	const answer = parseAnswer(JSON.stringify(await daemon.handle({op: 'status'})));

	return answer.ok ? answer.status?.peers.find(({peer}) => peer === 'b') : undefined;
}

const peers = async (stage: Stage) => [
	...(await stage.kernel(1).peers()),
	...(await stage.kernel(2).peers()),
];

test('while the host role is dead channels live on for a minute, and come back with it', async t => {
	const [stage, guest] = await connected();
	await stage.stop(0);
	await stage.clock.advance(50_000);
	t.true(await stage.isLive(1, 2));
	await stage.clock.advance(36_000);
	t.deepEqual(await peers(stage), []);
	t.like(await peerOf(guest), {state: 'refused', code: 'host-silent'});
	t.true(stage.log.some(({domid, event}) => domid === 1 && event === 'host.silent'));
	t.deepEqual(await stage.xen.list('/local/domain/1/data/coloop/declined'), []);

	stage.start(0);
	await stage.connect(1, 2);
	await stage.clock.advance(120_000);
	t.true(await stage.isLive(1, 2), 'and stays');
	await stage.stopAll();
});

test('a host role that is back within the time is not noticed', async t => {
	const [stage] = await connected();
	const since = async () =>
		(await stage.kernel(1).peers()).find(({domid}) => domid === 2)?.channel?.since;
	const before = await since();
	for (let time = 0; time < 5; time++) {
		await stage.stop(0);
		await stage.clock.advance(59_000);
		t.true(await stage.isLive(1, 2));
		stage.start(0);
		await stage.clock.advance(20_000);
	}
	t.is(await since(), before);
	await stage.stopAll();
});

test('each domain says for itself how long; never is never', async t => {
	for (const [text, isLive] of [
		['host_silence_s: never', true],
		['host_silence_s: 86400', true],
		['host_silence_s: 10', false],
	] as const) {
		const [stage] = await connected();
		for (const domid of [1, 2]) {
			stage.setPolicy(domid, `version: 1\naccept: [{allow: "*"}]\n${text}\n`);
		}
		await stage.clock.advance(1000);
		t.true(await stage.isLive(1, 2), 'while the host role lives');
		await stage.stop(0);
		await stage.clock.advance(40_000);
		t.is(await stage.isLive(1, 2), isLive, text);
		await stage.clock.advance(3_000_000);
		t.is(await stage.isLive(1, 2), isLive, text);
		await stage.stopAll();
	}
});

test('of a host role that has no such word nobody knows whether it lives', async t => {
	const [stage, guest] = await connected();
	await stage.stop(0);
	await stage.xen.remove(hostAlive);
	await stage.clock.advance(600_000);
	t.true(await stage.isLive(1, 2));
	const answer = parseAnswer(JSON.stringify(await guest.handle({op: 'status'})));
	t.like(answer, {status: {host: 'unknown'}});
	await stage.stopAll();
});

test('where XenStore is dead too, what the kernel has ends all the same', async t => {
	const [stage] = await connected();
	await stage.stop(0);
	for (const domid of [1, 2]) {
		stage.knobs(domid).wrapping.isDead = true;
	}
	await stage.clock.advance(50_000);
	t.true(await stage.isLive(1, 2));
	await stage.clock.advance(70_000);
	t.deepEqual(await peers(stage), []);
	await stage.stopAll();
});
