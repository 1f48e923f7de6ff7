// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseAnswer, type Status} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {createStage, uuidOf} from './_stage.ts';

/** As it comes through the socket, so that the forms on both sides are proved the same. */
async function statusOf(daemon: Daemon): Promise<Status> {
	const answer = parseAnswer(JSON.stringify(await daemon.handle({op: 'status'})));
	if (answer.ok && answer.status) {
		return answer.status;
	}
	throw new Error('no status');
}

test('a guest tells its peers, dom0 every pair, before and after a channel is up', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	const host = stage.start(0);
	const guest = stage.start(1);
	await stage.clock.advance(1000);
	t.like(await statusOf(host), {
		roles: ['host', 'endpoint'],
		domid: 0,
		module_loaded: true,
		policy_directory: '/etc/coloop/policy.d',
		policy_errors: [],
		policy_warnings: [],
		problems: [],
		pairs: [
			{
				a: {name: 'Domain-0', domid: 0},
				b: {name: 'a', domid: 1, uuid: uuidOf(1)},
				state: 'ready',
			},
			{b: {name: 'b'}, state: 'refused', code: 'absent'},
			{
				a: {name: 'a'},
				b: {name: 'b'},
				state: 'refused',
				reason: 'b does not run coloopd with the coloop module',
			},
		],
	});

	stage.start(2);
	await stage.connect(1, 2);
	await stage.clock.advance(6000);
	t.like((await statusOf(host)).pairs?.[2], {
		state: 'live',
		code: null,
		reason: null,
		since: 1_000_000_000,
		rule: '10-test.yaml:3:5',
		links: [{bridge: 'xenbr0', a_vif: '0', b_vif: '0'}],
	});
	t.like(await statusOf(guest), {
		roles: ['endpoint'],
		domid: 1,
		pairs: null,
		module: {version: 'fake', peers: 2, channels: 1, grant_limit: 16_384},
		peers: [
			{peer: 'Domain-0', state: 'ready'},
			{
				peer: 'b',
				domid: 2,
				state: 'live',
				rule: '10-test.yaml:5:5',
				links: [{interface: 'eth0'}],
				ring_bytes: 131_072,
				peer_ring_bytes: 131_072,
				queues: 1,
			},
		],
	});
	await stage.stopAll();
});

test('a changed busy_poll_us is in force on the live channel', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	for (const domid of [0, 2]) {
		stage.start(domid);
	}
	const guest = stage.start(1);
	await stage.connect(1, 2);
	const before = (await statusOf(guest)).peers[1];
	t.like(before, {peer: 'b', state: 'live', busy_poll_us: 0});

	stage.setPolicy(1, 'version: 1\naccept: [{allow: "*", busy_poll_us: 50}]\n');
	await stage.clock.until('it is set', async () => {
		return (await stage.kernel(1).peers()).every(({busyPollUs}) => busyPollUs === 50);
	});
	t.like((await statusOf(guest)).peers[1], {
		...{state: 'live', since: before?.since, epoch: before?.epoch},
		busy_poll_us: 50,
	});
	const peers = await stage.kernel(2).peers();
	t.true(
		peers.every(({busyPollUs}) => busyPollUs === 0),
		"it is nobody else's",
	);
	await stage.stopAll();
});

test('a peer says why it has no channel', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	for (const domid of [0, 2]) {
		stage.start(domid);
	}
	const guest = stage.start(1);
	await stage.connect(1, 2);
	stage.kernel(1).fall(2, 'stalled', 'stalled');
	await stage.clock.until('a new epoch', async () => (await stage.state(2, 1)) !== 'live');
	await stage.clock.advance(300);
	t.like((await statusOf(guest)).peers[1], {
		state: 'closed',
		reason: 'stalled; will try again',
		last_failure: 'stalled',
	});
	stage.setPolicy(1, 'version: 1\naccept:\n  - deny: b\n');
	await stage.clock.advance(500);
	t.like((await statusOf(guest)).peers[1], {
		state: 'refused',
		code: 'policy',
		reason: 'denied by 10-test.yaml:3:5',
	});
	await stage.stopAll();
});

test('an offer for which the module has no grants is told, and made again later', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	const refusal = '33 grants needed, 16370 of 16384 held; an offer gets half the rest';
	let tries = 0;
	stage.knobs(1).wrapping.offer = () => {
		tries += 1;
		throw new Error(refusal);
	};
	for (const domid of [0, 2]) {
		stage.start(domid);
	}
	const guest = stage.start(1);
	await stage.clock.until('1 knows 2', async () => (await stage.kernel(1).peers()).length > 1);
	for (let second = 0; second < 60; second++) {
		stage.kernel(1).want(2);
		await stage.clock.advance(1000);
	}
	t.true(tries >= 3 && tries <= 10, String(tries));
	t.is((await statusOf(guest)).peers[1]?.last_failure, refusal);

	delete stage.knobs(1).wrapping.offer;
	await stage.clock.advance(60_000);
	await stage.connect(1, 2);
	await stage.stopAll();
});

test('without the module and without XenStore there is still an answer', async t => {
	const stage = createStage();
	for (const domid of [0, 1]) {
		await stage.create(domid);
	}
	stage.kernel(1).unload();
	stage.setModule(1, 'absent');
	const guest = stage.start(1);
	await stage.clock.advance(1000);
	t.like(await statusOf(guest), {module_loaded: false, module: null, peers: []});
	await t.throwsAsync(guest.handle({op: 'up', names: ['b']}), {message: /not announced/});

	stage.knobs(1).wrapping.isDead = true;
	await stage.clock.advance(40_000);
	t.like(await statusOf(guest), {problems: ['endpoint: XenStore hung up'], module_loaded: null});
	await stage.stopAll();
});

test('dom0 counts what each domain says that it has sent, whatever the other says of it', async t => {
	const stage = createStage();
	await stage.create(1);
	await stage.create(2);
	const host = stage.start(0, ['host']);
	stage.start(1);
	stage.start(2);
	await stage.connect(1, 2);
	await stage.clock.advance(6000);
	const counts = async () => {
		const pair = (await statusOf(host)).pairs?.find(({a, b}) => a.domid === 1 && b.domid === 2);

		return [pair?.a_to_b_packets, pair?.a_to_b_bytes, pair?.b_to_a_packets, pair?.b_to_a_bytes];
	};
	const says = (domid: number, peer: number, text: string) =>
		stage.xen.write(`/local/domain/${domid}/data/coloop/stats/${peer}`, text);

	await says(1, 2, '1000000000 5 500 9999 99999999');
	await says(2, 1, '1000000000 7 700 5 500');
	t.deepEqual(await counts(), [5, 500, 7, 700]);
	await stage.xen.remove('/local/domain/2/data/coloop/stats/1');
	t.deepEqual(await counts(), [5, 500, 9999, 99_999_999]);
	await stage.stopAll();
});
