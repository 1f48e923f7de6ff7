// SPDX-License-Identifier: MIT
import test from 'ava';
import {sharedDom0} from './harness/with-dom0.ts';

const onDom0 = sharedDom0(test, {guests: ['web', 'db']});

test(
	'guests on one bridge are announced, and real packets pass',
	onDom0(async (dom0, t) => {
		t.true(await dom0.passes('web', 'db'));
		t.true(await dom0.passes('db', 'web', {protocol: 'udp', ip: 6}));
	}),
);

test(
	'a rule that drops packets ends the announcement, and its end brings it back',
	onDom0(async (dom0, t) => {
		await dom0.sh(`nft 'table bridge f {
			chain c { type filter hook forward priority 0; tcp dport 25 drop; }
		}'`);
		t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 1000}));
		t.true(await dom0.loses('web', 'db', {port: 25}));
		t.true(await dom0.passes('web', 'db', {port: 26}));
		t.like(await dom0.pair('web', 'db'), {state: 'refused', code: 'rule'});
		await dom0.sh('nft flush ruleset');
		t.log('announced in', await dom0.announced('web', 'db', {within: 1000}));
	}),
);
