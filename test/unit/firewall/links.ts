// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {
	parseFilters,
	parseLinks,
	parseQdiscs,
	parseVlans,
} from '../../../userland/firewall/links.ts';

test('VLANs of a port, in ranges and alone', t => {
	const vlans = parseVlans(
		JSON.stringify([
			{
				ifname: 'vif3.0',
				vlans: [
					{vlan: 1, flags: ['PVID', 'Egress Untagged']},
					{vlan: 10, vlanEnd: 12},
					{vlan: 20, vlanEnd: 21, flags: ['Egress Untagged']},
				],
			},
			{ifname: 'vif4.0', vlans: [{vlan: 7}]},
		]),
	);

	t.deepEqual(vlans.get('vif3.0'), {pvid: 1, untagged: new Set([1, 20, 21])});
	t.deepEqual(vlans.get('vif4.0'), {pvid: undefined, untagged: new Set()});
});

test('an XDP program is seen', t => {
	const links = parseLinks('[{"ifname":"a","xdp":{"mode":1,"prog":{"id":7}}},{},{"ifname":"b"}]');

	t.deepEqual(
		[...links.values()].map(({name, hasXdp}) => [name, hasXdp]),
		[
			['a', true],
			['b', false],
		],
	);
});

test('nothing printed is nothing there', t => {
	t.deepEqual(parseQdiscs(''), []);
	t.deepEqual(parseFilters('[ ]\n'), []);
	t.is(parseVlans('\n').size, 0);
});

test('a queue with its handle', t => {
	const output = [
		{kind: 'mq', handle: '0:', dev: 'vif3.0', root: true, options: {}},
		{kind: 'fq_codel', handle: '8001:', dev: 'vif3.0', parent: ':1', options: {limit: 10240}},
	];

	t.deepEqual(parseQdiscs(JSON.stringify(output)), [
		{device: 'vif3.0', kind: 'mq', handle: '0:', isRoot: true, options: {}},
		{
			device: 'vif3.0',
			kind: 'fq_codel',
			handle: '8001:',
			isRoot: false,
			options: {limit: 10240},
		},
	]);
});

test('a classifier is named once', t => {
	t.deepEqual(parseFilters('[{"kind":"u32"},{"kind":"u32"},{"kind":"bpf"}]'), ['u32', 'bpf']);
});

const wrong: readonly (readonly [
	parse: (text: string) => unknown,
	text: string,
	message: string,
])[] = [
	[parseLinks, 'x', 'ip link: expected JSON, got x'],
	[parseLinks, '{}', 'ip link: expected a list, got {}'],
	[parseLinks, '[{"ifname":7}]', 'ip link: ifname: expected a name, got 7'],
	[
		parseLinks,
		'[{"ifname":"a","master":"b","linkinfo":{"info_slave_kind":"bridge"}}]',
		'ip link: state: expected a name, got undefined',
	],
	[parseVlans, '[{"ifname":"a"}]', 'bridge vlan: vlans: expected a list, got undefined'],
	[parseQdiscs, '[{"dev":"a"}]', 'tc qdisc: kind: expected a name, got undefined'],
	[parseQdiscs, '[{"dev":"a","kind":"sfq"}]', 'tc qdisc: handle: expected a name, got undefined'],
];

for (const [parse, text, message] of wrong)
	test(`refused: ${message}`, t => {
		const error = t.throws(() => parse(text), {instanceOf: ColoopError, message});

		t.is(error.code, 'FIREWALL');
	});
