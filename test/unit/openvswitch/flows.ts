// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseFlows} from '../../../userland/openvswitch/flows.ts';
import {fixture} from './_fixtures.ts';

for (const version of ['13', '15']) {
	test(`what 3.1 prints for OpenFlow ${version}: most important first, without counts`, t => {
		const flows = parseFlows(fixture(`flows-3.1-of${version}.txt`));

		t.is(flows.length, 19);
		t.deepEqual(flows[0], {
			priority: 32768,
			match: ['in_port=LOCAL'],
			actions: 'NORMAL',
			text: 'priority=32768,in_port=LOCAL actions=NORMAL',
		});
		t.deepEqual(flows.at(-1), {
			...{priority: 0, match: [], actions: 'NORMAL'},
			text: 'priority=0 actions=NORMAL',
		});
		t.true(flows.some(({actions}) => actions === 'meter:1,NORMAL'));
		t.deepEqual(
			flows.find(({priority}) => priority === 16),
			{
				...{priority: 16, match: ['ip', 'nw_frag=later'], actions: 'drop'},
				text: 'priority=16,ip,nw_frag=later actions=drop',
			},
		);
	});
}

test('OpenFlow 1.0 does not show a meter: this is why it is not asked', t => {
	const hidden = parseFlows(fixture('flows-3.1-of10.txt')).find(({priority}) => priority === 17);

	t.is(hidden?.actions, 'NORMAL');
});

test('lines of 2.5, with and without age, and of several answers', t => {
	const output = `NXST_FLOW reply (xid=0x4):
 cookie=0x0, duration=5.321s, table=0, n_packets=4, n_bytes=280, priority=7,ip,nw_src=10.0.0.9 actions=drop
OFPST_FLOW reply (OF1.3) (xid=0x2):
 cookie=0x2a, duration=6e+03s, table=0, n_packets=0, n_bytes=0, reset_counts priority=9,arp actions=FLOOD
 cookie=0x0, duration=1s, table=0, n_packets=0, n_bytes=0, idle_timeout=5,  actions=NORMAL
 cookie=0x0, duration=1s, table=1, n_packets=0, n_bytes=0, priority=70000 actions=drop
`;

	t.deepEqual(
		parseFlows(output).map(({text}) => text),
		[
			'priority=32768 actions=NORMAL',
			'priority=9,arp actions=FLOOD',
			'priority=7,ip,nw_src=10.0.0.9 actions=drop',
		],
	);
});

test('commas within parentheses belong to a field; actions may say " actions=" again', t => {
	const [flow] = parseFlows(
		' cookie=0x0, table=0, priority=1,packet_type=(1,0x800),in_port=2 actions=learn(table=1,priority=2 actions=x),NORMAL',
	);

	t.deepEqual(flow?.match, ['packet_type=(1,0x800)', 'in_port=2']);
	t.is(flow?.actions, 'learn(table=1,priority=2 actions=x),NORMAL');
});

for (const line of [
	'ovs-ofctl: br0 is not a bridge',
	' cookie=0x0, table=0, priority=1,ip',
	' cookie=0x0, table=classifier, priority=1 actions=drop',
	' cookie=0x0, priority=high actions=drop',
]) {
	test(`not a flow: ${line.trim()}`, t => {
		t.throws(() => parseFlows(line), {message: /expected a flow, got/});
	});
}
