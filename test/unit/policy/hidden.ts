// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {covers, hiddenRules} from '../../../userland/policy/hidden.ts';
import {matches} from '../../../userland/policy/patterns.ts';

const hidden = (...rules: Array<[string, string]>) =>
	hiddenRules(rules, rule => rule).map(([rule, by]) => `${rule.join()} by ${by.join()}`);

test('a rule that an earlier one decides for is found, either way round', t => {
	t.deepEqual(hidden(['*', '*'], ['vault', '*']), ['vault,* by *,*']);
	t.deepEqual(hidden(['web-*', 'db'], ['db', 'web-1']), ['db,web-1 by web-*,db']);
	t.deepEqual(hidden(['a', 'b'], ['b', 'a'], ['a', 'b']), ['b,a by a,b', 'a,b by a,b']);
	t.deepEqual(hidden(['web-?', 'db'], ['web-*', 'db']), []);
	t.deepEqual(hidden(['a', 'b'], ['a', 'c'], ['*', 'c'], ['*', '*']), []);
});

test('coverage of patterns', t => {
	const yes = [
		'* *',
		'* a?b',
		'a* a*',
		'a* ab*c',
		'? a',
		'?* a',
		'?* ?',
		'* **',
		'** *',
		'a*c a?c',
		'? 😀',
	];
	const no = ['a *', '? *', '?* *', 'a* *a', '? ??', '?? ?', '*a *', 'a? a*', 'a*b ab*'];
	const said = (pair: string) => {
		const [one = '', other = ''] = pair.split(' ');

		return covers(one, other);
	};
	t.deepEqual(
		yes.filter(pair => !said(pair)),
		[],
	);
	t.deepEqual(no.filter(said), []);
});

test('what is covered matches nothing else', t => {
	const unit = fc.constantFrom('a', 'b', '😀');
	const wild = fc.string({unit: fc.constantFrom('a', 'b', '😀', '*', '?'), maxLength: 5});
	const name = fc.string({unit, maxLength: 6});
	t.notThrows(() =>
		fc.assert(
			fc.property(
				wild,
				wild,
				fc.array(name, {minLength: 8, maxLength: 8}),
				(one, other, names) =>
					!covers(one, other) ||
					names.every(each => !matches(other, each) || matches(one, each)),
			),
			{numRuns: 20_000},
		),
	);
});

test('of many rules the first thousand are looked at, so a hostile file costs a bounded time', t => {
	const rules = Array.from({length: 10_000}, (_, i) => [`*-${i}`, `*${i}-*`] as [string, string]);
	const [first = ['', '']] = rules;
	const before = process.cpuUsage();
	const found = (at: number) =>
		hiddenRules([...rules.slice(0, at), first, ...rules.slice(at)], r => r).length;
	t.is(found(999), 1);
	t.is(found(1000), 0);
	t.log(`${(process.cpuUsage(before).user / 2000).toFixed(0)} ms`);
});
