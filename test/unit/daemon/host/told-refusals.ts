// SPDX-License-Identifier: MIT
import test from 'ava';
import {keyOf} from '../../../../userland/daemon/host/pair.ts';
import {ToldRefusals} from '../../../../userland/daemon/host/told-refusals.ts';

const rule = {code: 'rule', reason: 'a rule drops'} as const;
const policy = (line: number) => ({code: 'policy', reason: `denied by x.yaml:${line}`}) as const;
const absent = {code: 'absent', reason: 'b does not run coloopd'} as const;
const key = keyOf(1, 2);

test('each is told once, and again with another reason, or once it was allowed', t => {
	const told = new ToldRefusals();
	t.true(told.take(key, rule, false));
	t.false(told.take(key, rule, false));
	t.true(told.take(key, {...rule, reason: 'another'}, false));
	t.true(told.take(key, policy(3), false));
	t.false(told.take(key, policy(4), false), 'the line is no news');
	told.forget(key);
	t.true(told.take(key, policy(4), true));
	t.false(told.take(key, policy(4), false));
});

test('where an end does not run coloopd only what was allowed is told', t => {
	const told = new ToldRefusals();
	t.false(told.take(key, absent, false));
	t.true(told.take(key, absent, true));
	t.true(told.take(key, rule, false));
});

test('of a host with many pairs so many are told as are remembered, few of them of policy', t => {
	const told = new ToldRefusals();
	const pairs = Array.from({length: 1000}, (_, index) => keyOf(1, index + 2));
	const count = (refusal: Parameters<ToldRefusals['take']>[1]) =>
		pairs.filter(each => told.take(each, refusal, false)).length;
	t.is(count(policy(1)), 64);
	t.is(count(policy(1)), 0);
	t.is(count(rule), 256, 'what policy refused gives way');
	t.is(count(rule), 0);
	t.true(told.take(keyOf(5, 6), rule, true), 'what was allowed is told in any case');
	told.leave(1);
	t.is(count(policy(1)), 64);
});

test('a domain that left is told of anew when it is back', t => {
	const told = new ToldRefusals();
	told.take(key, rule, false);
	told.take(keyOf(3, 4), rule, false);
	told.leave(2);
	t.true(told.take(key, rule, false));
	t.false(told.take(keyOf(3, 4), rule, false));
});
