// SPDX-License-Identifier: MIT
import {performance} from 'node:perf_hooks';
import test from 'ava';
import fc from 'fast-check';
import {compile, decideAccept, decidePair, matches} from '../../../userland/policy/match.ts';
import type {AcceptRule, PairRule, Policy} from '../../../userland/policy/types.ts';

const source = {file: 'x.yaml', line: 1, column: 1};
const pair = (action: 'allow' | 'deny', left: string, right: string): PairRule => ({
	action,
	between: [left, right],
	ringPages: undefined,
	ringPagesMin: undefined,
	queues: undefined,
	source,
});
const accept = (action: 'allow' | 'deny', peer: string): AcceptRule => ({
	action,
	peer,
	ringPages: undefined,
	ringPagesMin: undefined,
	queues: undefined,
	busyPollUs: undefined,
	source,
});
const policyOf = (pairs: PairRule[], accepted: AcceptRule[] = []): Policy => ({
	pairs,
	accept: accepted,
	hostSilenceS: undefined,
});

test('the first rule that matches decides, and is named', t => {
	const deny = pair('deny', '*', 'vault');
	const allow = pair('allow', 'web-*', '*');
	const policy = policyOf([deny, allow]);

	t.deepEqual(decidePair(policy, 'web-1', 'vault'), {action: 'deny', rule: deny});
	t.deepEqual(decidePair(policy, 'web-1', 'db'), {action: 'allow', rule: allow});
});

test('no match is deny', t => {
	t.deepEqual(decidePair(policyOf([pair('allow', 'a', 'b')]), 'a', 'c'), {
		action: 'deny',
		rule: undefined,
	});
	t.deepEqual(decideAccept(policyOf([]), 'a'), {action: 'deny', rule: undefined});
});

test('a pair matches either way round, but needs both names', t => {
	const policy = policyOf([pair('allow', 'a', 'b*')]);

	t.is(decidePair(policy, 'a', 'b1').action, 'allow');
	t.is(decidePair(policy, 'b1', 'a').action, 'allow');
	t.is(decidePair(policy, 'a', 'a').action, 'deny');
	t.is(decidePair(policy, 'b1', 'b2').action, 'deny');
});

test('dom0 is a name for Domain-0', t => {
	t.is(decidePair(policyOf([pair('allow', 'dom0', 'a')]), 'Domain-0', 'a').action, 'allow');
	t.is(decideAccept(policyOf([], [accept('allow', 'dom0')]), 'Domain-0').action, 'allow');
	t.is(
		decideAccept(policyOf([], [accept('deny', 'dom0'), accept('allow', '*')]), 'Domain-0')
			.action,
		'deny',
	);
	t.is(
		decideAccept(
			policyOf([], [accept('deny', 'Domain-0'), accept('allow', 'dom0')]),
			'Domain-0',
		).action,
		'deny',
	);
});

test('wildcards', t => {
	const yes = ['*', 'w*', '*1', 'w*-*1', 'web-?', '????1', 'web-1', 'web-1*', '**web**1'];
	const no = ['', '?', 'web', 'web-1?', 'WEB-1', 'x*', '*2', 'we?b-1', '.*'];

	t.deepEqual(
		yes.filter(pattern => !matches(pattern, 'web-1')),
		[],
	);
	t.deepEqual(
		no.filter(pattern => matches(pattern, 'web-1')),
		[],
	);
	t.true(matches('*', ''));
});

const letters = fc.string({unit: fc.constantFrom('a', 'b', '-'), maxLength: 6});
const patterns = fc.string({unit: fc.constantFrom('a', 'b', '-', '*', '?'), maxLength: 6});

test('wildcards agree with regular expressions', t => {
	const reference = (pattern: string, name: string) =>
		new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);

	t.notThrows(() =>
		fc.assert(
			fc.property(
				patterns,
				letters,
				(pattern, name) => matches(pattern, name) === reference(pattern, name),
			),
			{numRuns: 5000},
		),
	);
});

test('the index agrees with reading the rules in order', t => {
	const rules = fc.array(
		fc.tuple(fc.constantFrom('allow' as const, 'deny' as const), patterns, patterns),
		{maxLength: 12},
	);

	t.notThrows(() =>
		fc.assert(
			fc.property(rules, letters, letters, (list, a, b) => {
				const pairs = list.map(([action, left, right]) => pair(action, left, right));
				const first = pairs.find(
					({between: [left, right]}) =>
						(matches(left, a) && matches(right, b)) ||
						(matches(left, b) && matches(right, a)),
				);

				return decidePair(policyOf(pairs), a, b).rule === first;
			}),
			{numRuns: 5000},
		),
	);
});

test('a hostile pattern costs no more than its length times the name', t => {
	t.false(matches(`${'*a'.repeat(60)}b`, 'a'.repeat(128)));
});

// The figure is printed for people; what is asserted does not depend on the machine.
test('10 000 rules decide in less than a millisecond', t => {
	const named = policyOf(
		Array.from({length: 10_000}, (_, i) => pair('allow', `web-${i}`, `db-${i % 100}`)),
	);
	const wild = policyOf(
		Array.from({length: 10_000}, (_, i) => pair('allow', `web-${i}-*`, `db-${i}-*`)),
	);

	for (const [title, policy, most] of [
		['named', named, 500],
		['wildcards', wild, 500],
	] as const) {
		decidePair(policy, 'a', 'b');
		const before = compile(policy).comparisons;
		const times = Array.from({length: 1000}, (_, i) => {
			const start = performance.now();
			decidePair(policy, `web-${i}`, `db-${(i + 1) % 100}`);
			return performance.now() - start;
		}).sort((x, y) => x - y);
		const comparisons = (compile(policy).comparisons - before) / times.length;

		t.log(`${title}: ${comparisons} comparisons, p99 ${(times[989] ?? 0).toFixed(3)} ms`);
		t.true(comparisons <= most);
	}
});
