// SPDX-License-Identifier: MIT
//
// The host role of test/host-writer, in Python, between two endpoint roles of ours: a real socket of XenStore, the tree and
// the kernels of test/fakes.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {parseAnnouncement} from '../../../userland/xenstore/announcement.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {macOf} from '../daemon/_domains.ts';
import {createStage, type Stage} from '../daemon/_stage.ts';
import {serve} from '../xenstore/_server.ts';

/** Each client hangs up when it ends; the stage's own connection stays. */
function lasting(store: Store): Store {
	return new Proxy(store, {
		get: (target, key: keyof Store) =>
			key === 'close' ? async () => undefined : target[key].bind(target),
	});
}

/** The guests' clock goes on a little faster than the one that Python sees. */
async function until(stage: Stage, what: string, isSo: () => Promise<boolean>): Promise<void> {
	for (let tries = 0; !(await isSo()); tries++) {
		if (tries > 2000) {
			throw new Error(`not so: ${what}`);
		}
		await stage.clock.advance(20);
		await setTimeout(10);
	}
}

async function scene() {
	const stage = createStage();
	for (const domid of [1, 2]) {
		await stage.create(domid);
		stage.start(domid);
	}
	const server = await serve(() => lasting(stage.xen));
	const ends = [1, 2].map(domid => `${domid}:${domid === 1 ? 'a' : 'b 2'}:0:${macOf(domid)}`);
	const host = spawn('python3', ['test/host-writer/host.py', server.path, ...ends], {
		stdio: ['ignore', 'inherit', 'inherit'],
	});
	const ended = once(host, 'exit');

	return {
		stage,
		async end() {
			host.kill('SIGTERM');
			const [status] = await ended;

			return status as number;
		},
		async close() {
			await stage.stopAll();
			server.close();
		},
	};
}

const told = (stage: Stage) => stage.xen.read('/local/domain/1/coloop/peers/2');
const knows = async (stage: Stage) =>
	(await stage.kernel(1).peers()).length > 0 && (await stage.kernel(2).peers()).length > 0;

async function connect(stage: Stage): Promise<void> {
	await until(stage, 'both know each other', () => knows(stage));
	stage.kernel(1).want(2);
	await until(stage, 'live', () => stage.isLive(1, 2));
}

test.serial('a small writer stands in for the host role', async t => {
	t.timeout(120_000);
	const {stage, end, close} = await scene();

	await connect(stage);
	t.like(parseAnnouncement((await told(stage)) ?? ''), {
		...{name: 'b 2', queues: 1, ringPages: undefined},
		links: [{vif: '0', localMac: macOf(1), remoteMac: macOf(2)}],
	});
	t.deepEqual(await stage.xen.getPermissions('/local/domain/1/coloop/peers/2'), [
		{domid: 0, access: 'none'},
		{domid: 1, access: 'read'},
	]);

	t.is(await end(), 0);
	t.is(await told(stage), undefined);
	await until(
		stage,
		'the channel ends with the announcement',
		async () => !(await stage.isLive(1, 2)),
	);
	await close();
});

test.serial('an end that closes gets a new life, and one that declines is heard', async t => {
	t.timeout(120_000);
	const {stage, end, close} = await scene();

	await connect(stage);
	const before = parseAnnouncement((await told(stage)) ?? '')?.epoch ?? 0;
	stage.setModule(2, 'absent');
	await until(stage, 'nothing is announced', async () => (await told(stage)) === undefined);
	stage.setModule(2, 'present');
	await connect(stage);
	t.true((parseAnnouncement((await told(stage)) ?? '')?.epoch ?? 0) > before);

	stage.setPolicy(2, 'version: 1\naccept:\n  - deny: a\n');
	await until(
		stage,
		'the decline is passed on',
		async () => (await stage.xen.read('/local/domain/1/coloop/declined/2')) === 'policy',
	);
	t.false(await stage.isLive(1, 2));
	await end();
	await close();
});
