// SPDX-License-Identifier: MIT
import test from 'ava';
import {nodeInNetns} from '../nftables-js/_netns.ts';
import {names} from './_scenarios.ts';

for (const name of names) {
	test.serial(name, async t => {
		await t.notThrowsAsync(nodeInNetns(new URL('_scenarios.js', import.meta.url), [name]));
	});
}
