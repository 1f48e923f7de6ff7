// SPDX-License-Identifier: MIT
import {constants} from 'node:os';
import test from 'ava';
import {show, list} from '../../../userland/cli/list.ts';
import {parseAnswer, type Status} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {SystemError} from '../../../userland/netlink-js/index.ts';
import {createStage, type Stage} from './_stage.ts';

const said = '/local/domain/2/data/coloop/declined';
const told = '/local/domain/1/coloop/declined/2';
const denyA = 'version: 1\naccept:\n  - deny: a\n  - allow: "*"\n';
const allowAll = 'version: 1\naccept: [{allow: "*"}]\n';

/** dom0, and guests 1 (a) and 2 (b); b is who declines. */
async function scene() {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	const [host, a, b] = [stage.start(0), stage.start(1), stage.start(2)];
	await stage.clock.advance(1000);

	return {stage, host, a, b};
}

async function statusOf(daemon: Daemon): Promise<Status> {
	const answer = parseAnswer(JSON.stringify(await daemon.handle({op: 'status'})));
	if (answer.ok && answer.status) {
		return answer.status;
	}
	throw new Error('no status');
}

async function pairOf(host: Daemon) {
	return (await statusOf(host)).pairs?.find(pair => pair.a.domid === 1 && pair.b.domid === 2);
}

async function peerOf(daemon: Daemon, about: number) {
	return (await statusOf(daemon)).peers.find(({domid}) => domid === about);
}

/** What XenStore holds of it, b's own node and a's. */
async function nodes(stage: Stage): Promise<(string | undefined)[]> {
	return [await stage.xen.read(`${said}/1`), await stage.xen.read(told)];
}

test("a guest's own policy is told to dom0 and to the peer, and taken back", async t => {
	const {stage, host, a, b} = await scene();
	t.like(await pairOf(host), {state: 'ready', code: null, b_declines: null});
	stage.setPolicy(2, denyA);
	await stage.clock.advance(1000);

	t.deepEqual(await nodes(stage), ['policy', 'policy']);
	const reason = 'b declines: its policy denies a';
	t.like(await pairOf(host), {
		...{state: 'refused', code: 'declined', reason},
		...{a_declines: null, b_declines: 'policy'},
	});
	t.like(await peerOf(a, 2), {
		...{state: 'refused', code: 'declined', reason: 'b declines: its policy denies us'},
		peer_declines: 'policy',
	});
	t.like(await peerOf(b, 1), {state: 'refused', code: 'policy', peer_declines: null});
	t.true(list(await statusOf(host), 'text', 0).some(line => line.endsWith(reason)));
	t.regex(show(await statusOf(host), 'b', 0).join('\n'), /channel: none, refused: b declines/);

	stage.setPolicy(2, allowAll);
	await stage.clock.advance(1000);
	t.deepEqual(await nodes(stage), [undefined, undefined]);
	t.is(await stage.xen.read(said), undefined, 'not even the directory');
	t.like(await pairOf(host), {state: 'ready', code: null, b_declines: null});
	await stage.connect(1, 2);
	await stage.stopAll();
});

test('who is declined offers nothing until then', async t => {
	const {stage} = await scene();
	stage.setPolicy(2, denyA);
	await stage.clock.advance(1000);
	stage.kernel(1).want(2);
	await stage.clock.advance(10_000);
	t.is(await stage.xen.read('/local/domain/1/data/coloop/offers/2'), undefined);
	t.is(await stage.state(1, 2), undefined);

	stage.setPolicy(2, allowAll);
	await stage.clock.until('what was asked for before is met', () => stage.isLive(1, 2));
	await stage.stopAll();
});

test('what is taken down in the guest shows in dom0', async t => {
	const {stage, host, b} = await scene();
	await stage.connect(1, 2);
	await b.handle({op: 'down', names: ['a']});
	await stage.clock.advance(1000);
	t.like(await pairOf(host), {
		...{state: 'refused', code: 'declined'},
		reason: 'b declines: taken down there with `coloop down`',
	});
	await b.handle({op: 'up', names: ['a']});
	await stage.clock.until('live again', () => stage.isLive(1, 2));
	t.is(await stage.xen.read(said), undefined);
	await stage.stopAll();
});

test('a link that may not receive is said by its reason, and comes back', async t => {
	const {stage, host, a, b} = await scene();
	await stage.connect(1, 2);
	stage.kernel(2).block(1, 'xdp');
	await stage.clock.advance(1000);
	t.deepEqual(await nodes(stage), ['device xdp', 'device xdp']);
	t.like(await peerOf(b, 1), {
		...{state: 'refused', code: 'device', links: [{interface: 'eth0', blocked: 'xdp'}]},
		reason:
			'eth0 has a native XDP program or an AF_XDP socket, ' +
			'which a channel would pass by (ip link show dev eth0)',
	});
	t.regex((await pairOf(host))?.reason ?? '', /^b declines: its interface has a native XDP/);
	t.is((await peerOf(a, 2))?.peer_declines, 'device xdp');

	stage.kernel(1).want(2);
	stage.kernel(2).want(1);
	await stage.clock.advance(10_000);
	t.deepEqual(
		stage.log.filter(({event}) => event === 'step.failed'),
		[],
		'nothing is tried that the module refuses',
	);
	stage.kernel(2).block(1, undefined);
	await stage.clock.until('live again', () => stage.isLive(1, 2));
	t.is(await stage.xen.read(said), undefined);
	await stage.stopAll();
});

test('a live channel whose packets stay on eth0 does not look healthy', async t => {
	const {stage, host, b} = await scene();
	await stage.connect(1, 2);
	stage.kernel(2).pass(1, 'no-channel', 3);
	await stage.clock.advance(6000);
	t.like(await peerOf(b, 1), {state: 'live', code: null, reason: null});

	stage.kernel(2).pass(1, 'qdisc', 1234);
	const reason =
		'1234 packets took eth0: the queueing discipline of eth0 promises a rate or an order, ' +
		'or filters (tc qdisc show dev eth0)';
	t.like(await peerOf(b, 1), {
		...{state: 'live', code: 'qdisc', reason},
		ordinary: {'no-channel': 3, qdisc: 1234},
	});
	const text = show(await statusOf(b), 'a', 0).join('\n');
	t.true(text.includes(`, but ${reason}`));
	t.true(text.includes('ordinary path: 1234 (qdisc), 3 (no-channel)'));
	await stage.clock.advance(6000);
	t.deepEqual(await nodes(stage), ['rules qdisc', 'rules qdisc']);
	t.like(await pairOf(host), {state: 'live', code: 'qdisc', b_declines: 'rules qdisc'});
	t.regex((await pairOf(host))?.reason ?? '', /^b sends to a by the ordinary path: the queueing/);
	t.true(await stage.isLive(1, 2));

	await stage.clock.advance(70_000);
	t.like(await peerOf(b, 1), {state: 'live', code: null, reason: null});
	t.deepEqual(await nodes(stage), [undefined, undefined]);
	await stage.stopAll();
});

test('memory that is short is said while the next try waits', async t => {
	const {stage, host, a, b} = await scene();
	const cause = new SystemError('netlink', constants.errno.ENOMEM);
	stage.knobs(2).wrapping.offer = () => {
		throw new ColoopError('KERNEL', 'no memory or grants for a ring of 32 pages', {cause});
	};
	stage.kernel(1).want(2);
	await stage.clock.until('b says so', async () => (await stage.xen.read(told)) === 'memory');
	t.like(await peerOf(b, 1), {state: 'closed', code: 'memory'});
	await stage.clock.until('dom0, too', async () => (await pairOf(host))?.code === 'declined');
	t.regex((await peerOf(a, 2))?.peer_declines ?? '', /memory/);

	delete stage.knobs(2).wrapping.offer;
	await stage.clock.until('it tries again', () => stage.isLive(1, 2));
	await stage.clock.advance(1000);
	t.deepEqual(await nodes(stage), [undefined, undefined]);
	await stage.stopAll();
});

test('what a guest writes there is bounded, and no name is needed', async t => {
	const {stage, host} = await scene();
	await stage.stop(2);
	const guest = '/local/domain/2/data/coloop/declined/1';
	for (const wrong of ['', 'POLICY', 'policy and more words', `x\u001b[2J`, 'y'.repeat(900)]) {
		await stage.xen.write(guest, wrong);
		await stage.clock.advance(500);
		t.is(await stage.xen.read(told), undefined, wrong);
		t.like(await pairOf(host), {state: 'ready', reason: null});
	}
	await stage.xen.write(guest, 'tomorrow why');
	await stage.clock.advance(500);
	t.is(await stage.xen.read(told), 'tomorrow why');
	t.like(await pairOf(host), {state: 'refused', reason: 'b declines: tomorrow why'});
	await stage.stopAll();
});

test('it goes with the pair, with the peer, and with --withdraw', async t => {
	const {stage} = await scene();
	stage.setPolicy(2, denyA);
	await stage.clock.advance(1000);
	stage.bridge(2, 'xenbr1');
	await stage.clock.advance(1000);
	t.deepEqual(await nodes(stage), [undefined, undefined], 'the pair is not announced');
	stage.bridge(2, 'xenbr0');
	await stage.clock.advance(2000);
	t.deepEqual(await nodes(stage), ['policy', 'policy']);

	await stage.stop(2);
	await stage.withdraw(2);
	await stage.clock.advance(1000);
	t.deepEqual(await nodes(stage), [undefined, undefined]);
	stage.start(2);
	await stage.clock.advance(2000);
	t.deepEqual(await nodes(stage), ['policy', 'policy']);
	await stage.stop(2);
	await stage.destroy(2);
	await stage.clock.advance(16_000);
	t.is(await stage.xen.read(told), undefined, 'b is gone');
	await stage.stopAll();
});
