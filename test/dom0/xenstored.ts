// SPDX-License-Identifier: MIT
//
// What is true with the fake xenstored is true with Debian's two real ones.
import test from 'ava';
import {withDom0} from './harness/with-dom0.ts';

const guests = ['web', 'db'];

for (const xenstored of ['fake', 'oxenstored', 'xenstored'] as const) {
	test(
		`${xenstored}: guests are announced, and dom0's rules end that`,
		withDom0({guests, xenstored}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			t.true(await dom0.passes('web', 'db'));
			await dom0.sh(
				`nft 'table bridge f { chain c { type filter hook forward priority 0; tcp dport 25 drop; }; }'`,
			);
			await dom0.withdrawn('web', 'db', {within: 1000});
			t.true(await dom0.loses('web', 'db', {port: 25}));
			await dom0.sh('nft flush ruleset');
			await dom0.announced('web', 'db', {within: 1000});
		}),
	);
}
