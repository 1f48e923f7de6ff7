// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseAnswer} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {renderLimits} from '../../../userland/limits.ts';
import {macOf} from './_domains.ts';
import {createStage, type Stage} from './_stage.ts';

const told = '/local/domain/1/coloop/peers/2';
const head = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';
const limited = `${head}limits:\n  - domain: b\n    addresses: [10.0.0.2, fd00::/64]\n    rate: 10 Mbit/s\n    guards: [ra]\n`;
const word = 'rate:10000000;from:10.0.0.2/32,fd00::/64;no:ra';

/** dom0, a (1) who enforces, and b (2), of whom dom0's policy says what it may send. */
async function scene(policy = limited) {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.setPolicy(0, policy);
	stage.knobs(0).enforcement = {limits: new Map()};
	stage.knobs(1).enforcement = {limits: new Map()};
	const host = stage.start(0);
	const a = stage.start(1);
	stage.start(2);

	return {stage, host, a};
}

/** What a enforces, by Ethernet address. */
function enforced(stage: Stage): Record<string, string> {
	const limits = stage.knobs(1).enforcement?.limits ?? new Map();

	return Object.fromEntries([...limits].map(([mac, each]) => [mac, renderLimits(each)]));
}

async function pairOf(host: Daemon) {
	const answer = parseAnswer(JSON.stringify(await host.handle({op: 'status'})));

	return answer.ok
		? answer.status?.pairs?.find(pair => pair.a.domid === 1 && pair.b.domid === 2)
		: undefined;
}

const epochOf = async (stage: Stage) => (await stage.xen.read(told))?.split(' ')[0];

test('what policy lets a domain send is told to the other end alone, and enforced there', async t => {
	const {stage} = await scene();
	await stage.connect(1, 2);

	t.true((await stage.xen.read(told))?.endsWith(` !limits=${word}`));
	t.false((await stage.xen.read('/local/domain/2/coloop/peers/1'))?.includes('limits'));
	t.deepEqual(enforced(stage), {[macOf(2)]: word});
	t.is(stage.knobs(2).enforcement, undefined);
	await stage.stopAll();
});

test('the kernel hears of a peer after its limits are in force, and they end after it', async t => {
	const {stage} = await scene();
	const seen: Array<Promise<string>> = [];
	/* Whenever the rules change: what they say of b, and whether the kernel knows b then. */
	stage.knobs(1).enforcement = {
		limits: new Map(),
		changed({limits}) {
			const peers = stage.kernel(1).peers();

			seen.push(
				peers.then(
					all =>
						`${limits.has(macOf(2)) ? 'limited' : 'free'} ${all.some(({domid}) => domid === 2) ? 'known' : 'unknown'}`,
				),
			);
		},
	};
	await stage.connect(1, 2);
	const before = new Set(await Promise.all(seen.splice(0)));
	t.false(before.has('free known'));
	t.true(before.has('limited unknown'), 'in force before the kernel knows it');

	stage.setPolicy(0, `${limited.replace('allow: ["*", "*"]', 'deny: [a, b]')}`);
	await stage.clock.until('gone', async () => Object.keys(enforced(stage)).length === 0);
	const after = new Set(await Promise.all(seen));
	t.false(after.has('free known'));
	t.true(after.has('limited known'), 'in force while the kernel knows it');
	await stage.stopAll();
});

test('limits that change are enforced anew without a new life of the pair', async t => {
	const {stage} = await scene();
	await stage.connect(1, 2);
	const epoch = await epochOf(stage);

	stage.setPolicy(0, limited.replace('10 Mbit/s', '20 Mbit/s'));
	await stage.clock.until(
		'enforced',
		async () => enforced(stage)[macOf(2)]?.startsWith('rate:20000000') ?? false,
	);
	stage.setPolicy(0, head);
	await stage.clock.until('free', async () => Object.keys(enforced(stage)).length === 0);
	stage.setPolicy(0, limited);
	await stage.clock.until('enforced again', async () => enforced(stage)[macOf(2)] === word);
	t.is(await epochOf(stage), epoch);
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('with an end that cannot enforce there is no channel, until it can', async t => {
	const {stage, host} = await scene();
	stage.knobs(1).enforcement = undefined;
	await stage.clock.advance(2000);
	t.like(await pairOf(host), {
		state: 'refused',
		code: 'limits',
		reason: 'a cannot enforce what b may send (10-test.yaml:7:5): its coloopd is older, or has no libnftables',
	});
	t.is(await stage.xen.read(told), undefined);

	stage.knobs(1).enforcement = {limits: new Map()};
	stage.knobs(1).poke();
	await stage.connect(1, 2);
	t.deepEqual(enforced(stage), {[macOf(2)]: word});
	await stage.stopAll();
});

test('an end that fails to enforce ends the channel, says why, and comes back', async t => {
	const {stage, host} = await scene();
	await stage.connect(1, 2);
	const {enforcement} = stage.knobs(1);
	if (!enforcement) {
		throw new Error('no enforcement');
	}
	enforcement.failure = 'our rules in nftables could not be set: Operation not permitted';
	stage.knobs(1).poke();
	await stage.clock.until('down', async () => !(await stage.isLive(1, 2)));
	await stage.clock.advance(2000);
	t.deepEqual(
		await stage
			.kernel(1)
			.peers()
			.then(peers => peers.map(({domid}) => domid).filter(domid => domid === 2)),
		[],
	);
	t.like(await pairOf(host), {state: 'refused', code: 'declined'});
	t.is(stage.log.filter(({domid, event}) => domid === 1 && event === 'limits.failed').length, 1);

	delete enforcement.failure;
	stage.knobs(1).poke();
	await stage.connect(1, 2);
	t.deepEqual(enforced(stage), {[macOf(2)]: word});
	await stage.stopAll();
});

const vif = '/local/domain/0/backend/vif/2/0';

test("a vif's own rate= and ip= are enforced as policy's limits are, as soon as they change", async t => {
	const {stage, host} = await scene(head);
	await stage.xen.write(`${vif}/rate`, '125000,50000');
	await stage.connect(1, 2);
	t.deepEqual(enforced(stage), {[macOf(2)]: 'rate:20000000'});
	const epoch = await epochOf(stage);

	const becomes = (text: string | undefined) =>
		stage.clock.until(`${text}`, async () => enforced(stage)[macOf(2)] === text);
	await stage.xen.write(`${vif}/ip`, '10.0.0.2');
	await becomes('rate:20000000;from:10.0.0.2/32,::/0');
	t.deepEqual((await pairOf(host))?.b_limits, [
		'addresses: [10.0.0.2/32, ::/0]',
		'rate: 20 Mbit/s',
	]);
	t.is((await pairOf(host))?.a_limits, undefined);
	stage.setPolicy(0, limited);
	await becomes('rate:10000000;from:10.0.0.2/32,fd00::/64;no:ra');
	await stage.xen.remove(`${vif}/rate`);
	await stage.xen.remove(`${vif}/ip`);
	await becomes(word);
	stage.setPolicy(0, head);
	await becomes(undefined);
	t.is(await epochOf(stage), epoch);
	t.true(await stage.isLive(1, 2));

	await stage.xen.write(`${vif}/rate`, 'fast');
	await stage.clock.until('refused', async () => (await pairOf(host))?.state === 'refused');
	t.like(await pairOf(host), {code: 'rate'});
	await stage.stopAll();
});

test("XAPI's locking mode is enforced, as soon as it changes", async t => {
	const {stage, host} = await scene(head);
	const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0002';
	const path = `/xapi/${uuid}/private/vif/0`;
	await stage.xen.write('/local/domain/2/vm', `/vm/${uuid}`);
	await stage.xen.write(`${path}/ipv4-allowed`, '10.0.0.2,10.0.0.3');
	await stage.xen.write(`${path}/locking-mode`, 'locked');
	await stage.connect(1, 2);
	t.deepEqual(enforced(stage), {[macOf(2)]: 'from:10.0.0.2/32,10.0.0.3/32'});

	await stage.xen.write(`${path}/locking-mode`, 'unlocked');
	await stage.clock.until('free', async () => enforced(stage)[macOf(2)] === undefined);
	await stage.xen.write(`${path}/locking-mode`, 'disabled');
	await stage.clock.until('refused', async () => (await pairOf(host))?.code === 'limits');
	await stage.stopAll();
});

test('a vif that is limited has no channel with an end that cannot enforce it', async t => {
	const {stage, host} = await scene(head);
	await stage.xen.write(`${vif}/ip`, '10.0.0.2');
	stage.knobs(1).enforcement = undefined;
	await stage.clock.advance(2000);
	t.like(await pairOf(host), {state: 'refused', code: 'limits'});
	t.is(await stage.xen.read(told), undefined);
	await stage.stopAll();
});

test('a daemon that starts enforces before anything, and --withdraw takes it back', async t => {
	const {stage} = await scene();
	await stage.connect(1, 2);
	await stage.stop(1);
	t.deepEqual(enforced(stage), {[macOf(2)]: word}, 'who stops leaves all as it is');
	stage.knobs(1).enforcement = {limits: new Map()};
	stage.start(1);
	await stage.clock.until('enforced', async () => enforced(stage)[macOf(2)] === word);
	t.true(await stage.isLive(1, 2));
	await stage.stop(1);
	await stage.withdraw(1);
	t.deepEqual(enforced(stage), {});
	await stage.stopAll();
});
