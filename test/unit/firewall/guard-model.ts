// SPDX-License-Identifier: MIT
import test from 'ava';
import {createGuard} from '../../../userland/firewall/guard.ts';
import type {Port} from '../../../userland/firewall/types.ts';
import {compare, count, tally, type CreateGuard} from '../../guard-model/compare.ts';
import {generateRuleset} from '../../guard-model/generate.ts';
import {seeded} from '../../guard-model/random.ts';
import {host, vifA, vifB} from './_fixtures.ts';

function run(first: number, rulesets: number, create: CreateGuard) {
	const total = tally();

	for (let seed = first; seed < first + rulesets; seed++) {
		count(total, compare(seed, create));
	}

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

test('what a guard remembers of one pair is right for every other that it is used for', t => {
	const vif = (name: string, mac: string): Port => ({
		...vifA,
		name,
		mac: `00:16:3e:00:00:${mac}`,
	});
	// The last two are named by no rule, so that they are of one class unless some pattern or range tells them apart.
	const ports = [
		vifA,
		vifB,
		host,
		vif('vif9.0', '99'),
		vif('vif70.0', '70'),
		vif('vif71.0', '71'),
	];
	const pairs = ports.flatMap(a => ports.filter(b => b !== a).map(b => [a, b] as const));
	const on = {ip: true, ip6: true};
	let shared = 0;

	for (let seed = 1; seed <= 400; seed++) {
		const ruleset = generateRuleset(seeded(seed));
		const one = createGuard(ruleset);

		for (const [a, b] of pairs) {
			t.deepEqual(one(a, b, on), createGuard(ruleset)(a, b, on), `seed ${seed}`);
		}
		if (new Set(ports.map(one.classOf)).size < ports.length) {
			shared++;
		}
	}
	t.true(shared > 100, `only ${shared} of the rulesets had ports of one class`);
});
