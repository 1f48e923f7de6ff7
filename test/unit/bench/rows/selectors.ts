// SPDX-License-Identifier: MIT
import test from 'ava';
import {compileSelection} from '../../../../userland/policy/selectors.ts';
import {parsePolicy} from '../../../../userland/policy/parse.ts';
import {counts, selectorsFor} from '../../../bench/rows/selectors.ts';

test('the row asks for as many selectors as its name says', t => {
	for (const count of counts) {
		const policy = `version: 1\npairs:\n  - allow: [a, b]\n${selectorsFor(count)}`;
		const [rule] = parsePolicy(policy, 'x.yaml').pairs;
		t.is(rule && (compileSelection(rule)?.except.length ?? 0), count);
	}
});
