// SPDX-License-Identifier: MIT
import test from 'ava';
import {noEpochYet, type EpochHistory} from '../../../../userland/daemon/host/epochs.ts';
import {judge} from '../../../../userland/daemon/host/judge.ts';
import {wrong, type End, type Pair} from '../../../../userland/daemon/host/pair.ts';
import {planPair, record, withdraw} from '../../../../userland/daemon/host/plan.ts';
import type {OfferValue} from '../../../../userland/xenstore/values.ts';
import {criteria, domain} from '../_domains.ts';

const now = 100_000;
const [verdict] = judge([domain(1), domain(2)], criteria());

function offer(change: Partial<OfferValue> = {}): OfferValue {
	return {epoch: 7, state: 'offered', version: 1, controlRef: 9, eventPort: 4, ...change};
}

const nothing: End = {
	offer: undefined,
	declined: undefined,
	relayed: undefined,
	declinedBy: undefined,
};

/** a and b, announced to each other with epoch 7, with what passes at each end. */
function pair(ofA: Partial<End> = {}, ofB: Partial<End> = {}, change: Partial<Pair> = {}): Pair {
	if (!verdict) {
		throw new Error('no pair');
	}

	return {
		...{a: verdict.a, b: verdict.b, terms: verdict.terms, links: undefined},
		...{limits: undefined, announcedA: 7, announcedB: 7, isReworded: false, history: undefined},
		ends: [
			{...nothing, ...ofA},
			{...nothing, ...ofB},
		],
		...change,
	};
}

function planned(of: Pair, at = now) {
	return planPair(of, at, () => 5000);
}

const young: EpochHistory = {...noEpochYet, givenAt: now - 50};

test('a new pair is announced to both with one new epoch', t => {
	const {steps, history} = planned(pair({}, {}, {announcedA: 0, announcedB: 0, ends: undefined}));
	t.like(steps, [
		{kind: 'announce', to: 1, peer: 2, value: {epoch: 5000, name: 'b'}},
		{kind: 'announce', to: 2, peer: 1, value: {epoch: 5000, name: 'a'}},
	]);
	t.is(history.givenAt, now);
});

test('what both were told stays, and nothing is written', t => {
	t.deepEqual(planned(pair()).steps, []);
});

test('an offer of the epoch is relayed once', t => {
	const relayed = {kind: 'relay', to: 2, from: 1, value: offer()} as const;
	const first = planned(pair({offer: offer()}));
	t.deepEqual(first.steps, [relayed]);
	t.is(first.history.firstOfferAt, now);
	t.deepEqual(planned(pair({offer: offer()}, {relayed: offer()})).steps, []);
});

test('offers that name another epoch go nowhere', t => {
	for (const bad of [undefined, offer({epoch: 6}), offer({epoch: 8})]) {
		t.deepEqual(planned(pair({offer: bad})).steps, []);
	}
});

test('an offer that turns live is relayed again in the same epoch', t => {
	const live = offer({state: 'live'});
	const {steps} = planned(pair({offer: live}, {relayed: offer()}));
	t.deepEqual(steps, [{kind: 'relay', to: 2, from: 1, value: live}]);
});

for (const [what, value] of [
	['removed, or overwritten with garbage', undefined],
	['closed', offer({state: 'closed'})],
	['replaced by another', offer({controlRef: 10})],
	['overwritten with another epoch', offer({epoch: 8})],
] as const) {
	test(`an offer that was relayed and is ${what} ends the epoch`, t => {
		const theirs = offer({controlRef: 3});
		const {steps} = planned(
			pair({offer: value, relayed: theirs}, {relayed: offer(), offer: theirs}),
		);
		t.like(steps, [
			{kind: 'unrelay', to: 2, from: 1},
			{kind: 'unrelay', to: 1, from: 2},
			{kind: 'announce', to: 1, value: {epoch: 5000}},
			{kind: 'announce', to: 2, value: {epoch: 5000}},
		]);
	});
}

test('an offer that was live is not merely offered again', t => {
	const {steps} = planned(pair({offer: offer()}, {relayed: offer({state: 'live'})}));
	t.deepEqual(
		steps.map(({kind}) => kind),
		['unrelay', 'announce', 'announce'],
	);
});

test('an offer that closed before it was relayed ends the epoch too', t => {
	const {steps} = planned(pair({offer: offer({state: 'closed'})}));
	t.is(steps.filter(({kind}) => kind === 'announce').length, 2);
});

test('epochs that do not agree make a new one', t => {
	for (const announced of [{announcedA: 8}, {announcedB: 0}, {announcedA: wrong}]) {
		const {steps} = planned(pair({}, {}, announced));
		t.deepEqual(
			steps.map(({kind}) => kind),
			['announce', 'announce'],
		);
	}
});

test('other words are told in the same epoch', t => {
	const {steps} = planned(pair({}, {}, {isReworded: true}));
	t.like(steps, [
		{kind: 'announce', to: 1, value: {epoch: 7}},
		{kind: 'announce', to: 2, value: {epoch: 7}},
	]);
});

test('what is withdrawn is what was told', t => {
	const bare = {kind: 'withdraw', isBare: true};
	t.like(withdraw(pair({offer: offer()})), [
		{...bare, from: 1, peer: 2},
		{...bare, from: 2, peer: 1},
	]);
	t.like(withdraw(pair({}, {relayed: offer()})), [{isBare: true}, {isBare: false}]);
	t.like(withdraw(pair({}, {}, {announcedA: wrong})), [{isBare: false}, {isBare: true}]);
	t.like(withdraw(pair({}, {}, {announcedA: 0})), [{from: 2}]);
});

test('an end that declines is passed on, and taken back', t => {
	const declined = {code: 'policy', detail: undefined};
	t.deepEqual(planned(pair({declined})).steps, [
		{kind: 'decline', to: 2, from: 1, value: declined},
	]);
	t.deepEqual(planned(pair({declined}, {declinedBy: declined})).steps, []);
	t.deepEqual(planned(pair({}, {declinedBy: declined})).steps, [
		{kind: 'decline', to: 2, from: 1, value: undefined},
	]);
});

test('an epoch that ends young makes the next one wait, ever longer, up to 10 s', t => {
	const waits: number[] = [];
	let delay = 0;
	for (let epoch = 0; epoch < 9; epoch++) {
		const history = {
			...{givenAt: now - 1000, firstOfferAt: now - 900, endedAt: undefined},
			delay,
		};
		const closed = pair({offer: offer({state: 'closed'})}, {}, {history});
		const ended = planned(closed);
		t.deepEqual(ended.steps, []);
		waits.push(ended.wait ?? -1);
		const later = planned({...closed, history: ended.history}, now + (ended.wait ?? 0));
		t.is(later.steps.length, 2);
		delay = later.history.delay;
	}
	t.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
});

test('a guest that closes each epoch as soon as it is announced gets eight in 30 s', t => {
	const closed = pair({offer: offer({state: 'closed'})});
	let given = 0;
	for (let at = now; at < now + 30_000;) {
		const next = planned(closed, at);
		given += next.steps.length > 0 ? 1 : 0;
		closed.history = next.history;
		at += next.wait ?? 1;
	}
	t.is(given, 8);
});

test('an old epoch is followed at once, a fresh one after 200 ms', t => {
	const ended = {offer: offer({state: 'closed'})};
	const old = {givenAt: 0, firstOfferAt: 10, endedAt: undefined, delay: 6400};
	t.is(planned(pair(ended, {}, {history: old})).steps.length, 2);
	t.like(planned(pair(ended, {}, {history: young})), {steps: [], wait: 200});
});

test('while the next epoch waits, an offer that was told and is closed is told to be', t => {
	const closed = offer({state: 'closed'});
	const ended = (relayed: OfferValue, said = closed) =>
		planned(pair({offer: said}, {relayed}, {history: young})).steps;
	for (const state of ['offered', 'live'] as const) {
		t.deepEqual(ended(offer({state})), [{kind: 'relay', to: 2, from: 1, value: closed}]);
	}
	t.deepEqual(ended(closed), []);
	t.deepEqual(ended(offer(), offer({controlRef: 10})), [], 'not what is offered in its place');
});

test('an epoch that was told to be over stays over, whatever is offered in it then', t => {
	for (const state of ['offered', 'live'] as const) {
		const {steps} = planned(pair({offer: offer({state})}, {relayed: offer({state: 'closed'})}));
		t.is(steps.filter(({kind}) => kind === 'announce').length, 2, state);
	}
});

test('a wrong announcement does not stand while the right one waits', t => {
	const {steps, wait} = planned(
		pair({}, {}, {announcedA: wrong, announcedB: wrong, history: young}),
	);
	t.like(steps, [
		{kind: 'withdraw', from: 1, peer: 2},
		{kind: 'withdraw', from: 2, peer: 1},
	]);
	t.is(wait, 200);
});

test('what is done is not done again', t => {
	const told = pair({offer: offer(), declined: {code: 'policy', detail: undefined}});
	for (const step of planned(told).steps) {
		record(told, step);
	}
	t.deepEqual(planned(told).steps, []);
	for (const step of withdraw(told)) {
		record(told, step);
	}
	t.deepEqual([told.announcedA, told.announcedB], [0, 0]);
	t.deepEqual(withdraw(told), []);
});
