// SPDX-License-Identifier: MIT
import test from 'ava';
import {createGuard} from '../../../userland/firewall/guard.ts';
import {compare, count, tally, type CreateGuard} from '../../guard-model/compare.ts';

function run(first: number, rulesets: number, create: CreateGuard) {
	const total = tally();

	for (let seed = first; seed < first + rulesets; seed++) count(total, compare(seed, create));

	return total;
}

/** `make fuzz-guard-pure` runs a million, and tells the rules of what it finds. */
test('of thousands of random rulesets the guard allows none that loses or changes a packet', t => {
	const {holes, agreed, overcautious} = run(5_000_000, 2000, createGuard);

	t.deepEqual(
		holes.map(({seed, lost}) => `seed ${seed}: ${lost?.at}`),
		[],
	);
	t.true(agreed > 800, `only ${agreed} allowed`);
	t.true(overcautious < 0.06 * (agreed + overcautious), `${overcautious} refused in vain`);
});

test('a guard that allows everything would be found out, and one that allows nothing', t => {
	const blind = run(1, 200, () => () => undefined);
	const strict = run(1, 200, ({chains}) => () => {
		const [chain] = chains;
		return chain && {...chain, table: chain.table, chain: chain.name, text: ''};
	});

	t.true(blind.holes.length > 30);
	t.is(strict.holes.length, 0);
	t.is(strict.agreed, 0);
	t.is(strict.overcautious, blind.agreed);
});

test('a guard that forgets what a conditional return leaves behind would be found out', t => {
	const forgetful: CreateGuard = ruleset =>
		createGuard({
			...ruleset,
			rules: ruleset.rules.map(rule => {
				const isReturn = rule.expr.some(each => JSON.stringify(each) === '{"return":null}');
				return isReturn && rule.expr.length > 1 ? {...rule, expr: []} : rule;
			}),
		});

	t.true(run(1, 1500, forgetful).holes.length > 0);
});
