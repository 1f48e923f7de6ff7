// SPDX-License-Identifier: MIT
import test from 'ava';
import type {KernelRule} from '../../../userland/firewall/kernel-rules.ts';
import {atOnce} from '../../../userland/slice.ts';
import {completeRules} from '../../../userland/firewall/kernel-snapshot.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';

const where = {family: 'ip', table: 't'} as const;
const kernel = (...handles: readonly number[]): KernelRule[] =>
	handles.map(handle => ({...where, chain: 'c', handle, expressions: []}));

/** The handles of what is left, those that the library cannot show with a mark. */
function complete(
	listed: readonly number[],
	before: readonly number[],
	after: readonly number[],
): string {
	const nftables = [
		{chain: {...where, name: 'c', handle: 1}},
		...listed.map(handle => ({rule: {...where, chain: 'c', handle, expr: [{drop: null}]}})),
	];
	const {rules} = atOnce(
		completeRules(
			parseRuleset(JSON.stringify({nftables})),
			kernel(...before),
			kernel(...after),
		),
	);

	return rules.map(({handle, raw}) => `${handle}${'expr' in raw ? '' : '!'}`).join(' ');
}

test('rules that stay are as listed, and one that is never listed keeps its place', t => {
	t.is(complete([2, 3], [2, 3], [2, 3]), '2 3');
	t.is(complete([2, 4], [2, 3, 4], [2, 3, 4]), '2 3! 4');
	t.is(complete([3], [2, 3, 4, 5], [2, 3, 4, 5]), '2! 3 4! 5!');
	t.is(complete([], [2], [2]), '2!');
});

test('what comes and goes meanwhile is there if it was listed, and is not taken for hidden', t => {
	t.is(complete([2], [2], [2, 3]), '2');
	t.is(complete([2, 3], [2], [2, 3]), '2 3');
	t.is(complete([2, 3], [2, 3], [2]), '2 3');
	t.is(complete([2], [2, 3], [2]), '2');
	t.is(complete([2, 9], [2], [2]), '2');
});

test('a rule that is replaced is the one or the other, never none', t => {
	t.is(complete([2, 3], [2, 3], [2, 4]), '2 3');
	t.is(complete([2, 4], [2, 3], [2, 4]), '2 4');
});
