// SPDX-License-Identifier: MIT
import test from 'ava';
import {planEndpoint} from '../../../../userland/daemon/endpoint/plan.ts';
import type {Known} from '../../../../userland/daemon/endpoint/steps.ts';
import type {Failure} from '../../../../userland/daemon/endpoint/backoff.ts';
import type {DesiredPeer} from '../../../../userland/daemon/endpoint/desired.ts';
import type {Announcement} from '../../../../userland/xenstore/announcement.ts';
import type {OfferValue} from '../../../../userland/xenstore/values.ts';
import {blank} from '../../../fakes/kernel-world.ts';
import type {Channel, ChannelState, Peer} from '../../../../userland/kernel/kernel.ts';
import {macOf} from '../_domains.ts';

const hello = '1 1 0';
const config = {
	domid: 2,
	epoch: 7,
	name: 'b',
	links: [{ifindex: 2, localMac: macOf(1), remoteMac: macOf(2)}],
	busyPollUs: 0,
	fragPages: 0,
};

/** What is told of a peer that is otherwise as the module makes them. */
const terse = {
	domid: config.domid,
	epoch: config.epoch,
	name: config.name,
	links: config.links,
};

function desired(change: Partial<DesiredPeer> = {}): DesiredPeer {
	return {
		name: 'b',
		config,
		refusal: undefined,
		rule: undefined,
		listen: true,
		order: 8,
		range: {least: 5, most: 8},
		mismatch: undefined,
		idleTimeoutS: undefined,
		isAudit: false,
		isOwnAudit: false,
		queues: 1,
		isAsked: false,
		isWaiting: false,
		isUnusable: false,
		...change,
	};
}

function peer(
	state?: ChannelState,
	change: Partial<Peer> = {},
	reason = 'none',
): Map<number, Peer> {
	const channel: Channel | undefined = state && {...blank, state, reason, since: 0n};
	const links = config.links.map(link => ({...link, mtu: 0, blocked: undefined}));
	const quiet = {ordinary: new Map<string, bigint>(), wanted: false};

	return new Map([[2, {...config, links, ...quiet, channel, ...change}]]);
}

function offer(change: Partial<OfferValue> = {}): OfferValue {
	return {epoch: 7, state: 'offered', version: 1, controlRef: 9, eventPort: 0, ...change};
}

function known(change: Partial<Known> = {}): Known {
	return {
		domid: 1,
		kernel: peer(),
		hello,
		announced: new Map(),
		relayed: new Map(),
		own: new Map(),
		stats: [],
		declined: undefined,
		declinedBy: new Map(),
		...change,
	};
}

const own = new Map([[2, offer({eventPort: 4})]]);
const theirs = new Map([[2, offer()]]);
const start = {kind: 'offer', domid: 2, epoch: 7, listen: true, order: 8, queues: 1};

test('we say hello when we have not', t => {
	t.deepEqual(planEndpoint(known({hello: undefined, kernel: new Map()}), [], hello), [
		{kind: 'hello', value: hello},
	]);
	t.deepEqual(planEndpoint(known({kernel: new Map()}), [], hello), []);
});

test('without the module we take back what we said, once', t => {
	t.deepEqual(planEndpoint(known({kernel: undefined}), [desired()], ''), [{kind: 'retract'}]);
	t.deepEqual(planEndpoint(known({kernel: undefined, hello: undefined}), [desired()], ''), []);
});

test('a peer is made, and changed where it differs', t => {
	/* What is as it was goes without saying: a module from before there was such a time refuses it. */
	t.deepEqual(planEndpoint(known({kernel: new Map()}), [desired()], hello), [
		{kind: 'peer-new', config: terse},
	]);
	for (const change of [{epoch: 6}, {name: 'old'}, {links: []}]) {
		const kernel = peer('live', change);
		t.deepEqual(planEndpoint(known({kernel}), [desired()], hello), [
			{kind: 'peer-set', config: terse},
		]);
	}
	const waiting = known({kernel: peer('live', {busyPollUs: 50})});
	t.deepEqual(planEndpoint(waiting, [desired()], hello), [
		{kind: 'peer-set', config: {...terse, busyPollUs: 0}},
	]);
});

test('how long to wait is set on the live channel, which stays', t => {
	const changed = desired({config: {...config, busyPollUs: 50}});
	const said = new Map([[2, offer({state: 'live'})]]);
	t.deepEqual(planEndpoint(known({kernel: peer('live'), own: said}), [changed], hello), [
		{kind: 'peer-set', config: {...terse, busyPollUs: 50}},
	]);
	const kernel = peer('live', {busyPollUs: 50});
	t.deepEqual(planEndpoint(known({kernel, own: said}), [changed], hello), []);
});

test('how much to grant is set on the live channel, and taken back', t => {
	const changed = desired({config: {...config, fragPages: 1024}});
	const own = new Map([[2, offer({state: 'live'})]]);
	const granting = peer('live', {fragPages: 1024});
	const older = peer('live', {fragPages: undefined});
	t.deepEqual(planEndpoint(known({kernel: peer('live'), own}), [changed], hello), [
		{kind: 'peer-set', config: {...terse, fragPages: 1024}},
	]);
	t.deepEqual(planEndpoint(known({kernel: granting, own}), [changed], hello), []);
	t.deepEqual(planEndpoint(known({kernel: granting, own}), [desired()], hello), [
		{kind: 'peer-set', config: {...terse, fragPages: 0}},
	]);
	t.deepEqual(planEndpoint(known({kernel: older, own}), [desired()], hello), []);
	t.deepEqual(planEndpoint(known({kernel: new Map()}), [changed], hello), [
		{kind: 'peer-new', config: {...terse, fragPages: 1024}},
	]);
});

test('a peer that is not wanted goes, with all that is said about it', t => {
	const gone = known({kernel: peer('live'), own, stats: [2]});
	const steps = [
		{kind: 'peer-delete', domid: 2},
		{kind: 'unpublish', domid: 2},
		{kind: 'forget', domid: 2},
	];
	t.deepEqual(planEndpoint(gone, [], hello), steps);
	const refused = desired({refusal: {code: 'held', reason: ''}});
	t.deepEqual(planEndpoint(gone, [refused], hello), steps);
});

const announcement: Announcement = {
	...{epoch: 7, name: 'b', links: [], digest: '0', queues: 1},
	...{ringPages: undefined, ringPagesMin: undefined},
};

test('an offer of this life is closed, not removed, until dom0 has ended the life', t => {
	const announced = new Map([[2, announcement]]);
	const refused = desired({refusal: {code: 'held', reason: ''}});
	for (const state of ['offered', 'live'] as const) {
		const said = new Map([[2, offer({eventPort: 4, state})]]);
		const value = offer({eventPort: 4, state: 'closed'});
		t.deepEqual(planEndpoint(known({announced, own: said}), [refused], hello), [
			{kind: 'peer-delete', domid: 2},
			{kind: 'publish', domid: 2, value},
		]);
		t.deepEqual(planEndpoint(known({announced, own: said, kernel: undefined}), [], hello), [
			{kind: 'publish', domid: 2, value},
			{kind: 'retract'},
		]);
	}
	const closed = new Map([[2, offer({state: 'closed'})]]);
	const kernel = new Map();
	t.deepEqual(planEndpoint(known({announced, own: closed, kernel}), [refused], hello), []);
	for (const next of [new Map(), new Map([[2, {...announcement, epoch: 8}]])]) {
		t.deepEqual(planEndpoint(known({announced: next, own: closed, kernel}), [refused], hello), [
			{kind: 'unpublish', domid: 2},
		]);
	}
});

test('what we have attached to and the peer has taken back is closed', t => {
	const steps = (theirs: OfferValue | undefined) => {
		const relayed = new Map(theirs && [[2, theirs]]);

		return planEndpoint(known({kernel: peer('mapped'), own, relayed}), [desired()], hello);
	};
	for (const state of ['offered', 'live'] as const) {
		t.deepEqual(steps(offer({state})), []);
	}
	for (const gone of [undefined, offer({state: 'closed'}), offer({epoch: 6})]) {
		t.like(steps(gone), [{kind: 'close', domid: 2, epoch: 7}]);
	}
});

test('a channel is offered when somebody wants it', t => {
	const wanted = peer(undefined, {wanted: true});
	t.deepEqual(planEndpoint(known(), [desired()], hello), []);
	t.deepEqual(planEndpoint(known({kernel: wanted}), [desired()], hello), [start]);
	t.deepEqual(planEndpoint(known(), [desired({isAsked: true})], hello), [start]);
	t.deepEqual(planEndpoint(known({relayed: theirs}), [desired()], hello), [start]);
	const waiting = desired({isWaiting: true});
	t.deepEqual(planEndpoint(known({kernel: wanted}), [waiting], hello), []);
	t.deepEqual(planEndpoint(known({relayed: theirs}), [waiting], hello), [start], 'it is back');
	const unusable = desired({isWaiting: true, isUnusable: true});
	t.deepEqual(planEndpoint(known({kernel: wanted, relayed: theirs}), [unusable], hello), []);
});

test('a broken, stalled or closed channel may be offered again in a new epoch', t => {
	for (const state of ['closed', 'broken', 'stalled'] as const) {
		const kernel = peer(state, {wanted: true}, 'bad-index');
		t.deepEqual(planEndpoint(known({kernel}), [desired()], hello), [start], state);
	}
});

test('offers of others that are no use start nothing', t => {
	for (const bad of [
		undefined,
		offer({epoch: 6}),
		offer({state: 'live'}),
		offer({state: 'closed'}),
		offer({version: 2}),
		offer({eventPort: 5}),
	]) {
		t.deepEqual(planEndpoint(known({relayed: new Map([[2, bad]])}), [desired()], hello), []);
	}
	const lower = known({domid: 3, relayed: theirs});
	t.deepEqual(planEndpoint(lower, [desired({listen: false})], hello), [], 'they must listen');
});

test('with both offers there we attach', t => {
	const kernel = peer('offered');
	t.deepEqual(planEndpoint(known({kernel, own}), [desired()], hello), []);
	t.deepEqual(planEndpoint(known({kernel, own, relayed: theirs}), [desired()], hello), [
		{kind: 'attach', domid: 2, epoch: 7, offer: offer()},
	]);
	t.deepEqual(
		planEndpoint(known({kernel: peer('mapped'), own, relayed: theirs}), [desired()], hello),
		[],
	);
});

test('an offer that the kernel has and nobody was told of is taken back', t => {
	const kernel = peer('offered');
	t.like(planEndpoint(known({kernel}), [desired()], hello), [{kind: 'close', domid: 2}]);
	t.like(
		planEndpoint(
			known({kernel, own: new Map([[2, offer({state: 'closed'})]])}),
			[desired()],
			hello,
		),
		[{kind: 'close', domid: 2}],
	);
});

test('a live channel is said to be, once, and left alone', t => {
	const kernel = peer('live');
	t.like(planEndpoint(known({kernel, own}), [desired()], hello), [
		{kind: 'publish', value: {state: 'live', controlRef: 9, eventPort: 4}},
	]);
	const said = new Map([[2, offer({state: 'live'})]]);
	t.deepEqual(planEndpoint(known({kernel, own: said}), [desired()], hello), []);
	t.deepEqual(planEndpoint(known({kernel, relayed: new Map()}), [desired()], hello), []);
});

test('a live channel of the wrong size is said to be closed, and stays until dom0 answers', t => {
	const kernel = peer('live');
	const said = new Map([[2, offer({state: 'live'})]]);
	const closed = new Map([[2, offer({state: 'closed'})]]);
	const mismatched = desired({mismatch: 0n});
	t.deepEqual(planEndpoint(known({kernel, own: said}), [mismatched], hello), [
		{kind: 'publish', domid: 2, value: offer({state: 'closed'})},
	]);
	t.deepEqual(planEndpoint(known({kernel, own: closed}), [mismatched], hello), []);
	t.deepEqual(
		planEndpoint(known({kernel, own: said}), [desired({mismatch: 1n})], hello),
		[],
		'another life',
	);
	t.like(planEndpoint(known({kernel, own: closed}), [desired()], hello), [
		{value: {state: 'live'}},
	]);
});

const endings: Array<[ChannelState, string, Failure | undefined]> = [
	['closed', 'asked', undefined],
	['closed', 'peer-closed', 'silence'],
	['closed', 'timeout', 'silence'],
	['closed', 'suspend', undefined],
	['broken', 'bad-index', 'fault'],
	['stalled', 'stalled', 'silence'],
];
for (const [state, reason, failure] of endings) {
	test(`the end is said in the offer: ${state}, ${reason}`, t => {
		const kernel = peer(state, {wanted: true}, reason);
		t.deepEqual(planEndpoint(known({kernel, own}), [desired()], hello), [
			{
				kind: 'publish',
				domid: 2,
				value: offer({eventPort: 4, state: 'closed'}),
				cause: {reason, failure, wasLive: false},
			},
		]);
		const said = new Map([[2, offer({state: 'closed'})]]);
		t.deepEqual(
			planEndpoint(known({kernel, own: said}), [desired()], hello),
			[],
			'then we wait',
		);
	});
}

test('a peer that closes a live channel has not failed', t => {
	const kernel = peer('closed', {}, 'peer-closed');
	const live = new Map([[2, offer({state: 'live'})]]);
	t.like(planEndpoint(known({kernel, own: live}), [desired()], hello), [
		{cause: {failure: undefined, wasLive: true}},
	]);
});

test('an offer of an old epoch is removed before anything is offered', t => {
	const old = new Map([[2, offer({epoch: 6})]]);
	const kernel = peer(undefined, {wanted: true});
	t.deepEqual(planEndpoint(known({kernel, own: old}), [desired()], hello), [
		{kind: 'unpublish', domid: 2},
	]);
	t.deepEqual(planEndpoint(known({own: new Map([[2, undefined]])}), [desired()], hello), [
		{kind: 'unpublish', domid: 2},
	]);
});

test('a changed MTU is told in place, one that we were not told is not', t => {
	const links = (mtu: number) => config.links.map(link => ({...link, mtu}));
	const steps = (wanted: number, has: number) =>
		planEndpoint(
			known({
				kernel: peer('live', {
					links: links(has).map(link => ({...link, blocked: undefined})),
				}),
			}),
			[desired({config: {...config, links: links(wanted)}})],
			hello,
		);
	t.like(steps(1500, 9000), [{kind: 'peer-set', config: {epoch: 7, links: links(1500)}}]);
	t.deepEqual(steps(1500, 1500), []);
	t.deepEqual(steps(0, 9000), []);
});

test('a peer one of whose links may not receive is offered nothing, and answered nothing', t => {
	const [link] = config.links;
	const links = (...blocked: (string | undefined)[]) =>
		blocked.flatMap((each, index) =>
			link ? [{...link, ifindex: 2 + index, mtu: 0, blocked: each}] : [],
		);
	const steps = (...blocked: (string | undefined)[]) => {
		const has = links(...blocked);
		const wanted = has.map(({ifindex, localMac, remoteMac}) => ({
			ifindex,
			localMac,
			remoteMac,
		}));
		const kernel = peer(undefined, {links: has, wanted: true});
		const desiredPeers = [desired({config: {...config, links: wanted}})];

		return planEndpoint(known({kernel, relayed: theirs}), desiredPeers, hello);
	};
	t.like(steps(undefined, undefined), [{kind: 'offer'}]);
	t.deepEqual(steps(undefined, 'inactive'), []);
	t.deepEqual(steps('xdp'), []);
});
