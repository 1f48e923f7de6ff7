// SPDX-License-Identifier: MIT
import test from 'ava';
import {judge, type Law} from '../../../../userland/daemon/host/judge.ts';
import {plan, type Wanted} from '../../../../userland/daemon/host/plan.ts';
import type {OfferValue} from '../../../../userland/xenstore/values.ts';
import type {Domain} from '../../../../userland/xenstore/discover.ts';
import {domain, law, macOf} from '../_domains.ts';

const host = '1 1 1000';
const now = 100_000;
const digest = judge([domain(1), domain(2)], law())[0]?.digest ?? '';

function planned(domains: Domain[], change: Partial<Wanted> = {}, laws: Partial<Law> = {}) {
	return plan({
		domains,
		remains: [],
		verdicts: change.verdicts ?? judge(domains, law(laws)),
		host,
		lives: new Map(),
		lastEpoch: 0,
		now,
		unix: 5000,
		...change,
	});
}

function told(domid: number, peer: number, epoch: number) {
	const name = peer === 1 ? 'a' : 'b';
	const links = [{vif: '0', localMac: macOf(domid), remoteMac: macOf(peer)}];
	return new Map([
		[
			peer,
			{epoch, name, links, digest, ringPages: undefined, ringPagesMin: undefined, queues: 1},
		],
	]);
}

function offer(change: Partial<OfferValue> = {}): OfferValue {
	return {epoch: 7, state: 'offered', version: 1, controlRef: 9, eventPort: 4, ...change};
}

/** a and b, announced to each other with epoch 7. */
function pair(toA: Partial<Domain> = {}, toB: Partial<Domain> = {}): Domain[] {
	return [
		domain(1, {announced: told(1, 2, 7), ...toA}),
		domain(2, {announced: told(2, 1, 7), ...toB}),
	];
}

test('a new pair is announced to both with one new epoch', t => {
	const {steps, lastEpoch} = planned([domain(1), domain(2)]);
	t.is(lastEpoch, 5000);
	t.like(steps, [
		{kind: 'announce', to: 1, peer: 2, value: {epoch: 5000, name: 'b'}},
		{kind: 'announce', to: 2, peer: 1, value: {epoch: 5000, name: 'a'}},
	]);
});

test('epochs only grow, whatever the clock says', t => {
	const {lastEpoch} = planned([domain(1), domain(2), domain(3)], {lastEpoch: 6000});
	t.is(lastEpoch, 6003);
	const old = pair({announced: told(1, 2, 9000)});
	t.is(planned(old).lastEpoch, 9001);
});

test('400 domains that know each other are not too many', t => {
	const peers = Array.from({length: 400}, (_, index) => index + 1);
	const told7 = told(1, 2, 7).get(2);
	const domains = peers.map(domid =>
		domain(domid, {
			announced: new Map(
				peers.filter(peer => peer !== domid).map(peer => [peer, told7] as const),
			),
		}),
	);
	const {steps, lastEpoch} = planned(domains, {verdicts: []});
	t.deepEqual([steps.length, lastEpoch], [0, 7]);
});

test('what both were told stays, and nothing is written', t => {
	t.deepEqual(planned(pair()).steps, []);
});

test('a domain is prepared before anything is written for it', t => {
	const {steps} = planned([domain(1, {host: undefined}), domain(2)]);
	t.deepEqual(steps[0], {kind: 'prepare', domid: 1});
});

test('a domain without coloop gets no node', t => {
	t.deepEqual(planned([domain(1, {hello: undefined, host: undefined}), domain(2)]).steps, []);
});

test('an offer of the epoch is relayed once', t => {
	const offers = new Map([[2, offer()]]);
	t.deepEqual(planned(pair({offers})).steps, [{kind: 'relay', to: 2, from: 1, value: offer()}]);
	t.deepEqual(planned(pair({offers}, {relayed: new Map([[1, offer()]])})).steps, []);
});

test('offers that do not parse or name another epoch go nowhere', t => {
	for (const bad of [undefined, offer({epoch: 6}), offer({epoch: 8})]) {
		t.deepEqual(planned(pair({offers: new Map([[2, bad]])})).steps, []);
	}
});

test('an offer that turns live is relayed again in the same life', t => {
	const live = offer({state: 'live'});
	const {steps} = planned(
		pair({offers: new Map([[2, live]])}, {relayed: new Map([[1, offer()]])}),
	);
	t.deepEqual(steps, [{kind: 'relay', to: 2, from: 1, value: live}]);
});

const endings: Array<[string, Map<number, OfferValue | undefined>]> = [
	['removed', new Map()],
	['closed', new Map([[2, offer({state: 'closed'})]])],
	['replaced by another', new Map([[2, offer({controlRef: 10})]])],
	['overwritten with garbage', new Map([[2, undefined]])],
	['overwritten with another epoch', new Map([[2, offer({epoch: 8})]])],
];
for (const [what, offers] of endings) {
	test(`an offer that was relayed and is ${what} ends the life`, t => {
		const {steps} = planned(
			pair(
				{offers, relayed: new Map([[2, offer({controlRef: 3})]])},
				{relayed: new Map([[1, offer()]]), offers: new Map([[1, offer({controlRef: 3})]])},
			),
		);
		t.like(steps, [
			{kind: 'unrelay', to: 2, from: 1},
			{kind: 'unrelay', to: 1, from: 2},
			{kind: 'announce', to: 1, value: {epoch: 5000}},
			{kind: 'announce', to: 2, value: {epoch: 5000}},
		]);
	});
}

test('a life that was live is not merely offered again', t => {
	const live = offer({state: 'live'});
	const {steps} = planned(
		pair({offers: new Map([[2, offer()]])}, {relayed: new Map([[1, live]])}),
	);
	t.like(steps, [
		{kind: 'unrelay', to: 2, from: 1},
		{kind: 'announce', to: 1, value: {epoch: 5000}},
		{kind: 'announce', to: 2, value: {epoch: 5000}},
	]);
});

test('a life that closed before its offer was seen is over too', t => {
	const offers = new Map([[2, offer({state: 'closed'})]]);
	t.is(planned(pair({offers})).steps.filter(step => step.kind === 'announce').length, 2);
});

test('epochs that do not agree, or changed addresses, make a new life', t => {
	const halves = pair({announced: told(1, 2, 8)});
	t.is(planned(halves).steps.filter(step => step.kind === 'announce').length, 2);
	const renamed = pair({}, {name: 'bb'});
	t.like(planned(renamed).steps, [{value: {name: 'bb'}}, {value: {name: 'a'}}]);
});

test('another rule changes the digest and not the epoch', t => {
	const decide = () => ({action: 'allow', rule: undefined}) as const;
	const {steps} = planned(pair(), {}, {decide});
	t.like(steps, [
		{kind: 'announce', to: 1, value: {epoch: 7}},
		{kind: 'announce', to: 2, value: {epoch: 7}},
	]);
});

test("a rule's ring pages are told to both", t => {
	const source = {file: '30-site.yaml', line: 4, column: 3};
	const rule = {
		action: 'allow' as const,
		ringPages: 64,
		ringPagesMin: 32,
		queues: undefined,
		source,
		between: ['a', 'b'] as const,
	};
	const decide = () => ({action: 'allow', rule}) as const;
	t.like(planned(pair(), {}, {decide}).steps, [
		{kind: 'announce', to: 1, value: {epoch: 7, ringPages: 64, ringPagesMin: 32}},
		{kind: 'announce', to: 2, value: {epoch: 7, ringPages: 64, ringPagesMin: 32}},
	]);
});

test('a pair that may no longer is withdrawn from both', t => {
	const decide = () => ({action: 'deny', rule: undefined}) as const;
	t.deepEqual(planned(pair(), {}, {decide}).steps, [
		{kind: 'withdraw', from: 1, peer: 2},
		{kind: 'withdraw', from: 2, peer: 1},
	]);
});

test('what is said about a domain that is gone is withdrawn', t => {
	const left = domain(1, {
		announced: told(1, 2, 7),
		relayed: new Map([[9, undefined]]),
	});
	t.deepEqual(planned([left]).steps, [
		{kind: 'withdraw', from: 1, peer: 2},
		{kind: 'withdraw', from: 1, peer: 9},
	]);
});

test('our own remains in the tree of a dead domain are swept', t => {
	const {steps} = planned([], {remains: [{domid: 9, remains: true}]});
	t.deepEqual(steps, [{kind: 'sweep', domid: 9}]);
});

test('a life that ends young makes the next one wait, ever longer, up to 10 s', t => {
	const closed = pair({offers: new Map([[2, offer({state: 'closed'})]])});
	const waits: number[] = [];
	let delay = 0;
	for (let life = 0; life < 9; life++) {
		const young = {givenAt: now - 1000, bornAt: now - 900, endedAt: undefined, delay};
		const ended = planned(closed, {lives: new Map([['1-2', young]])});
		t.deepEqual(ended.steps, []);
		waits.push(ended.again ?? -1);
		const later = planned(closed, {lives: ended.lives, now: now + (ended.again ?? 0)});
		t.is(later.steps.length, 2);
		delay = later.lives.get('1-2')?.delay ?? -1;
	}
	t.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

test('a guest that closes each life as soon as it is announced gets eight in 30 s', t => {
	const closed = pair({offers: new Map([[2, offer({state: 'closed'})]])});
	let lives: Wanted['lives'] = new Map();
	let given = 0;
	for (let at = now; at < now + 30_000;) {
		const next = planned(closed, {lives, now: at});
		if (next.steps.length > 0) given += 1;
		at += next.again ?? 1;
		lives = next.lives;
	}
	t.is(given, 8);
});

test('an old life is followed at once, a fresh one after 200 ms', t => {
	const closed = pair({offers: new Map([[2, offer({state: 'closed'})]])});
	const old = {givenAt: 0, bornAt: 10, endedAt: undefined, delay: 6400};
	t.is(planned(closed, {lives: new Map([['1-2', old]])}).steps.length, 2);
	const fresh = {givenAt: now - 50, bornAt: undefined, endedAt: undefined, delay: 0};
	const {again, steps} = planned(closed, {lives: new Map([['1-2', fresh]])});
	t.deepEqual([again, steps.length], [200, 0]);
});

test('while the next life waits, an offer that was told and is closed is told to be', t => {
	const lives = new Map([
		['1-2', {givenAt: now - 50, bornAt: now - 40, endedAt: undefined, delay: 0}],
	]);
	const closed = offer({state: 'closed'});
	const ends = (seen: OfferValue) =>
		pair({offers: new Map([[2, closed]])}, {relayed: new Map([[1, seen]])});
	for (const state of ['offered', 'live'] as const) {
		t.deepEqual(planned(ends(offer({state})), {lives}).steps, [
			{kind: 'relay', to: 2, from: 1, value: closed},
		]);
	}
	t.deepEqual(planned(ends(closed), {lives}).steps, []);
	const other = pair(
		{offers: new Map([[2, offer({controlRef: 10})]])},
		{relayed: new Map([[1, offer()]])},
	);
	t.deepEqual(planned(other, {lives}).steps, [], 'not what is offered in its place');
});

test('a life that was told to be closed stays over, whatever is offered in it then', t => {
	const relayed = new Map([[1, offer({state: 'closed'})]]);
	for (const state of ['offered', 'live'] as const) {
		const {steps} = planned(pair({offers: new Map([[2, offer({state})]])}, {relayed}));
		t.is(steps.filter(step => step.kind === 'announce').length, 2, state);
	}
});

test('a wrong announcement does not stand while the right one waits', t => {
	const fresh = {givenAt: now - 50, bornAt: undefined, endedAt: undefined, delay: 0};
	const {steps} = planned(pair({}, {name: 'bb'}), {lives: new Map([['1-2', fresh]])});
	t.deepEqual(steps, [
		{kind: 'withdraw', from: 1, peer: 2},
		{kind: 'withdraw', from: 2, peer: 1},
	]);
});
