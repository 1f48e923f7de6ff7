// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {fakeHost} from '../../fakes/kernel.ts';
import type {KernelEvent} from '../../../userland/kernel/kernel.ts';
import {errnoOf} from '../../../userland/kernel/errors.ts';

const links = [{ifindex: 2, localMac: '00:16:3e:00:00:01', remoteMac: '00:16:3e:00:00:02'}];

/** Domains 1 and 2, each a peer of the other. */
async function pair() {
	const host = fakeHost();
	const a = host.kernel(1);
	const b = host.kernel(2);

	await a.peerNew({domid: 2, epoch: 5, name: 'b', links});
	await b.peerNew({domid: 1, epoch: 5, name: 'a', links});

	return {a, b};
}

async function connected() {
	const both = await pair();
	const ofA = await both.a.offer(2, 5, {listen: true});
	const ofB = await both.b.offer(1, 5, {listen: false, order: 6});

	await both.b.attach(1, 5, ofA);
	await both.a.attach(2, 5, ofB);

	return both;
}

async function take(events: AsyncIterable<KernelEvent>, count: number): Promise<KernelEvent[]> {
	const taken: KernelEvent[] = [];

	for await (const event of events) {
		taken.push(event);
		if (taken.length === count) {
			break;
		}
	}

	return taken;
}

test('offers and attaches on both sides make a live channel', async t => {
	const {a, b} = await connected();
	const [peerOfA] = await a.peers();
	const [peerOfB] = await b.peers();

	t.like(peerOfA?.channel, {state: 'live', order: 8, remoteOrder: 6});
	t.like(peerOfB?.channel, {state: 'live', order: 6, remoteOrder: 8});
	t.is((await a.info()).channels, 1);
});

test('every change of state is said on both sides', async t => {
	const {a, b} = await pair();
	const {signal} = new AbortController();
	const events = b.events(signal);
	const ofA = await a.offer(2, 5, {listen: true});

	await b.offer(1, 5, {listen: false});
	await b.attach(1, 5, ofA);
	await b.close(1);
	t.deepEqual(
		(await take(events, 3)).map(event => event.kind === 'channel' && event.peer.channel?.state),
		['offered', 'mapped', 'closed'],
	);
});

test('a side that closes takes the other along', async t => {
	const {a, b} = await connected();

	await a.close(2);
	t.like((await a.peers())[0]?.channel, {state: 'closed', reason: 'asked'});
	t.like((await b.peers())[0]?.channel, {state: 'closed', reason: 'peer-closed'});
	t.is((await a.info()).grants, 0);
});

test('a new epoch ends the channel', async t => {
	const {a} = await connected();

	await a.peerSet({domid: 2, epoch: 6, name: 'b', links});
	t.like((await a.peers())[0]?.channel, {state: 'closed', reason: 'epoch'});
	t.is(errnoOf(await t.throwsAsync(a.offer(2, 5, {listen: true}))), 'ESTALE');
});

test('how long to wait changes on a live channel, and stays where it is not named', async t => {
	const {a} = await connected();

	t.is((await a.peers())[0]?.busyPollUs, 0);
	await a.peerSet({domid: 2, epoch: 5, name: 'b', links, busyPollUs: 50});
	await a.peerSet({domid: 2, epoch: 5, name: 'c', links});
	t.like((await a.peers())[0], {name: 'c', busyPollUs: 50, channel: {state: 'live'}});
});

test('what the real module refuses is refused', async t => {
	const {a, b} = await pair();
	const ofA = await a.offer(2, 5, {listen: true});

	t.is(errnoOf(await t.throwsAsync(a.peerNew({domid: 2, epoch: 5, name: 'b', links}))), 'EEXIST');
	t.is(errnoOf(await t.throwsAsync(a.offer(2, 5, {listen: true}))), 'EBUSY');
	t.is(errnoOf(await t.throwsAsync(a.offer(3, 5, {listen: true}))), 'ENOENT');
	t.is(errnoOf(await t.throwsAsync(b.attach(1, 5, ofA))), 'EINVAL');
	await b.offer(1, 5, {listen: false});
	t.is(errnoOf(await t.throwsAsync(b.attach(1, 5, {...ofA, controlRef: 99}))), 'EIO');
	t.is(errnoOf(await t.throwsAsync(b.attach(1, 5, {...ofA, eventPort: 99}))), 'EINVAL');
});

test('a wish is kept until a channel is offered', async t => {
	const {a} = await pair();

	a.want(2);
	t.true((await a.peers())[0]?.wanted);
	await a.offer(2, 5, {listen: true});
	t.false((await a.peers())[0]?.wanted);
});

test('an unloaded module ends its watches and answers nothing', async t => {
	const {a} = await pair();
	const events = a.events(new AbortController().signal);

	a.unload();
	const error = await t.throwsAsync(take(events, 1), {instanceOf: ColoopError});
	t.is(error?.code, 'NO_MODULE');
	await t.throwsAsync(a.peers(), {instanceOf: ColoopError});
});
