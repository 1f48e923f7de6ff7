// SPDX-License-Identifier: MIT
import test from 'ava';
import {policyFor} from '../../bench/stage.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';

test('the policies that the bench writes mean what it wants', t => {
	const rules = (...given: Parameters<typeof policyFor>) =>
		parsePolicy(policyFor(...given), 'x.yaml').pairs.map(rule => [
			...[rule.action, ...rule.between, rule.ringPages, rule.ringPagesMin],
		]);
	t.deepEqual(rules([]), []);
	t.deepEqual(rules([['dom0', 'b']], 64), [['allow', 'dom0', 'b', 64, 64]]);
	t.deepEqual(
		rules([
			['a', 'b'],
			['c', 'd'],
		]),
		[
			['allow', 'a', 'b', 256, 256],
			['allow', 'c', 'd', 256, 256],
		],
	);
});
