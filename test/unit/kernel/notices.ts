// SPDX-License-Identifier: MIT
import test from 'ava';
import {nodeInNetns} from '../nftables-js/_netns.ts';

test('each change is heard as what it is', async t => {
	const output = await nodeInNetns(new URL('_notices.js', import.meta.url), []);

	t.deepEqual(output.trimEnd().split('\n'), [
		'at first: lost',
		'a bridge: links',
		'a port: links',
		'an entry: forwarding 02:00:00:00:00:09',
		'a neighbour of IP: ',
		'a queue: queues 7',
		'a filter: queues 7',
		'a table: chains inet t',
		'a chain: chains inet t',
		'a rule: rules inet t',
		'a set: rules inet t',
		'an element: rules inet t',
	]);
});
