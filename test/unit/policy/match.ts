// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {decideAccept, decidePair, prepare} from '../../../userland/policy/match.ts';
import {matches} from '../../../userland/policy/patterns.ts';
import type {AcceptRule, Identity, PairRule, Policy, Who} from '../../../userland/policy/types.ts';

const source = {file: 'x.yaml', line: 1, column: 1};
const pair = (action: 'allow' | 'deny', left: Who, right: Who): PairRule => ({
	action,
	between: [left, right],
	ringPages: undefined,
	ringPagesMin: undefined,
	queues: undefined,
	source,
});
const accept = (action: 'allow' | 'deny', peer: Who): AcceptRule => ({
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
	hostSilence: undefined,
});

test("a tag is of whom files list under it and of whom dom0's XenStore gives it", t => {
	const rules = [pair('deny', {tag: 'bad'}, '*'), pair('allow', {tag: 'web'}, 'db')];
	const policy = {...policyOf(rules), tags: [{tag: 'web', members: ['web-1'], source}]};
	const says = (a: Identity) => decidePair(policy, a, {name: 'db'}).action;
	t.is(says({name: 'web-1'}), 'allow');
	t.is(says({name: 'x'}), 'deny');
	t.is(says({name: 'x', tags: ['web']}), 'allow');
	t.is(says({name: 'x', tags: ['other']}), 'deny');
	t.is(says({name: 'x', tags: ['web'], isNameShared: true}), 'allow', 'whatever its name');
	t.is(says({name: 'web-1', tags: ['bad']}), 'deny');
	t.is(says({name: 'web-1', tags: []}), 'allow', 'and of one name as it is told now');
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

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';
const accepted = (rules: AcceptRule[], peer: Identity, tags: Policy['tags'] = []) =>
	decideAccept({...policyOf([], rules), tags}, peer).action;

test('a UUID names one domain, whatever its name', t => {
	const rules = [accept('allow', {uuid})];

	t.is(accepted(rules, {name: 'a', uuid, domid: 3}), 'allow');
	t.is(accepted(rules, {name: uuid, domid: 3}), 'deny');
	t.is(accepted(rules, {name: 'a', uuid: uuid.replace('9', '8'), domid: 3}), 'deny');
});

test('an exact name has no wildcards, and no words', t => {
	t.is(accepted([accept('allow', {name: 'web-*'})], {name: 'web-*'}), 'allow');
	t.is(accepted([accept('allow', {name: 'web-*'})], {name: 'web-1'}), 'deny');
	t.is(accepted([accept('allow', {name: 'any-guest'})], {name: 'a', domid: 3}), 'deny');
	t.is(accepted([accept('allow', {name: 'any-guest'})], {name: 'any-guest', domid: 3}), 'allow');
	t.is(accepted([accept('allow', {name: 'dom0'})], {name: 'Domain-0', domid: 0}), 'deny');
	t.is(accepted([accept('allow', {name: 'dom0'})], {name: 'dom0', domid: 3}), 'allow');
});

test('any guest is every domain but dom0', t => {
	const rules = [accept('allow', 'any-guest')];

	t.is(accepted(rules, {name: 'a', domid: 3}), 'allow');
	t.is(accepted(rules, {name: 'Domain-0', domid: 0}), 'deny');
	t.is(accepted(rules, {name: 'renamed', domid: 0}), 'deny');
	t.is(accepted(rules, {name: 'a', domid: 3, isNameShared: true}), 'allow');
});

test('dom0 is known by its domid, and who took its name may be denied by that only', t => {
	const impostor = {name: 'Domain-0', domid: 3};

	t.is(accepted([accept('allow', 'dom0')], {name: 'renamed', domid: 0}), 'allow');
	t.is(accepted([accept('allow', 'dom0')], impostor), 'deny');
	t.is(accepted([accept('deny', 'dom0'), accept('allow', 'any-guest')], impostor), 'deny');
});

test('a tag names its members, of all files', t => {
	const tags = [
		{tag: 'web', members: ['web-*'], source},
		{tag: 'web', members: [{uuid}], source},
		{tag: 'db', members: [], source},
	];
	const rules = [accept('deny', {tag: 'db'}), accept('allow', {tag: 'web'})];

	t.is(accepted(rules, {name: 'web-1'}, tags), 'allow');
	t.is(accepted(rules, {name: 'x', uuid}, tags), 'allow');
	t.is(accepted(rules, {name: 'x'}, tags), 'deny');
	t.is(accepted([accept('allow', {tag: 'none'})], {name: 'none'}, tags), 'deny');
});

test('a shared name never allows, whether exact, a pattern or in a tag, but it denies', t => {
	const shared = {name: 'web-1', uuid, domid: 3, isNameShared: true};
	const tags = [
		{tag: 'web', members: ['web-*'], source},
		{tag: 'id', members: [{uuid}], source},
	];

	for (const who of ['web-1', 'web-*', '*', {name: 'web-1'}, {tag: 'web'}]) {
		t.is(accepted([accept('allow', who)], shared, tags), 'deny', JSON.stringify(who));
		t.is(accepted([accept('deny', who), accept('allow', {uuid})], shared, tags), 'deny');
		t.is(accepted([accept('allow', who), accept('allow', {uuid})], shared, tags), 'allow');
	}
	t.is(accepted([accept('allow', {tag: 'id'})], shared, tags), 'allow');
	t.is(
		accepted([accept('allow', {tag: 'web'})], {...shared, isNameShared: false}, tags),
		'allow',
	);
});

test('two domains with one name are told apart, in any order', t => {
	const policy = policyOf([], [accept('allow', {uuid})]);
	const [one, other] = [
		{name: 'a', uuid},
		{name: 'a', uuid: undefined},
	];

	t.deepEqual(
		[one, other, one, other].map(each => decideAccept(policy, each).action),
		['allow', 'deny', 'allow', 'deny'],
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

test('a wildcard stands for a code point, and names are the same by theirs', t => {
	t.true(matches('web ?', 'web 😀'));
	t.false(matches('web ??', 'web 😀'));
	t.true(matches('Сервер-?', 'Сервер-數'));
	t.true(matches('caf?', 'café'));
	t.false(matches('café', 'cafe\u0301'), 'toolstacks compare bytes');
	t.false(matches('caf?', 'cafe\u0301'));
});

const letters = fc.string({unit: fc.constantFrom('a', 'b', '-', '😀', 'é'), maxLength: 6});
const patterns = fc.string({
	unit: fc.constantFrom('a', 'b', '-', '😀', 'é', '*', '?'),
	maxLength: 6,
});

test('wildcards agree with regular expressions', t => {
	const reference = (pattern: string, name: string) =>
		new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su').test(name);

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
				const at = list.findIndex(
					([, left, right]) =>
						(matches(left, a) && matches(right, b)) ||
						(matches(left, b) && matches(right, a)),
				);

				return decidePair(policyOf(pairs), a, b).rule === pairs[at];
			}),
			{numRuns: 5000},
		),
	);
});

test('a hostile pattern costs no more than its length times the name', t => {
	t.false(matches(`${'*a'.repeat(60)}b`, 'a'.repeat(128)));
});

test('names that the same patterns match share what was decided', t => {
	const policy = policyOf([pair('allow', 'web-*', 'db-*'), pair('allow', 'web-1', 'vault')]);
	const verdict = decidePair(policy, 'web-2', 'db-1');

	t.is(decidePair(policy, 'db-2', 'web-3'), verdict);
	t.is(decidePair(policy, 'web-1', 'vault').rule, policy.pairs[1]);
	t.is(decidePair(policy, 'web-2', 'vault').action, 'deny');
});

test('a name that is renamed for ever is decided all the same', t => {
	const policy = policyOf([pair('allow', 'web-*', 'db'), pair('deny', '*', '*')]);

	for (let turn = 0; turn < 50_000; turn++) {
		if (decidePair(policy, `web-${turn}`, 'db').action !== 'allow') {
			return t.fail();
		}
	}
	t.is(decidePair(policy, 'db', 'web-7').action, 'allow');
});

test('a policy that was prepared decides the same, and others had their turn meanwhile', async t => {
	const rules = Array.from({length: 20_000}, (_, i) =>
		pair(i % 3 ? 'deny' : 'allow', `web-${i}*`, `*-${i}`),
	);
	const policy = policyOf(rules, [accept('allow', 'a')]);
	let turns = 0;
	const timer = setInterval(() => (turns += 1), 1);
	await prepare(policy);
	clearInterval(timer);

	const same = policyOf(rules, [accept('allow', 'a')]);
	for (const name of ['web-3', 'web-30', 'db-9', 'db-30']) {
		t.deepEqual(decidePair(policy, 'web-30x', name), decidePair(same, 'web-30x', name));
	}
	t.is(decideAccept(policy, 'a').action, 'allow');
	t.true(turns > 0);
});

/** Fresh names each, so that a comparison with all rules would show: 10^5 decisions of 10^4 rules. */
for (const [title, rule] of [
	['named', (i: number) => pair('allow', `web-${i}`, `db-${i % 100}`)],
	['wildcards at the end', (i: number) => pair('allow', `web-${i}-*`, `db-${i}-*`)],
	['wildcards at the start', (i: number) => pair('allow', `*-${i}`, `*db-${i % 100}`)],
	['everybody', (i: number) => pair('deny', '*', `db-${i}`)],
] as const) {
	test(`10 000 rules decide all pairs of 400 guests in seconds: ${title}`, t => {
		const policy = policyOf(Array.from({length: 10_000}, (_, i) => rule(i)));
		const names = Array.from({length: 400}, (_, i) => `${i % 2 ? 'web' : 'db'}-${i}`);
		const start = process.cpuUsage();
		let allowed = 0;

		for (const a of names) {
			for (const b of names) {
				allowed += decidePair(policy, a, b).action === 'allow' ? 1 : 0;
			}
		}
		const {user} = process.cpuUsage(start);
		t.log(`${(user / names.length ** 2).toFixed(2)} us a decision, ${allowed} allowed`);
		t.true(user < 3e6, String(user));
	});
}
