// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseFlows} from '../../../userland/openvswitch/flows.ts';
import {createFlowTable} from '../../../userland/openvswitch/walk.ts';
import {obstacleBetween} from '../../../userland/openvswitch/obstacle.ts';
import type {OvsBridge, OvsPort, OvsState, Switching} from '../../../userland/openvswitch/types.ts';
import {fixture} from './_fixtures.ts';

const a = {name: 'vif1.0', mac: '00:16:3e:00:00:01'};
const b = {name: 'vif2.0', mac: '00:16:3e:00:00:02'};

function port(device: string, change: Partial<OvsPort> = {}): OvsPort {
	return {
		...{id: device, device, bridge: 'xenbr0', number: Number(device[3]), error: undefined},
		...{type: 'system', isDown: false, isBond: false, isProtected: false, lacp: undefined},
		...{qos: undefined, isPoliced: false, treeState: undefined},
		vlans: {mode: 'trunk', tag: undefined, trunks: [], customers: []},
		...change,
	};
}

const plain: Switching = {
	flows: createFlowTable(parseFlows(' priority=0 actions=NORMAL')),
	fragments: 'normal',
	forbids: new Map(),
	staticEntries: [],
};

type Change = {
	readonly ports?: readonly OvsPort[];
	readonly bridge?: Partial<OvsBridge>;
	readonly switching?: Partial<Switching>;
	readonly problem?: string;
};

function state({ports, bridge, switching, problem}: Change): OvsState {
	const all = ports ?? [port('vif1.0'), port('vif2.0')];
	const row = {name: 'xenbr0', samplers: [], mirrors: [], floodVlans: []};

	return {
		bridges: new Map([['xenbr0', {...row, switching: {...plain, ...switching}, ...bridge}]]),
		ports: new Map(all.map(each => [each.device, each])),
		problem,
	};
}

const says = (change: Change = {}) => obstacleBetween(a, b, state(change));
const withB = (change: Partial<OvsPort>) => says({ports: [port('vif1.0'), port('vif2.0', change)]});

test('two plain ports of one bridge have nothing between them', t => {
	t.is(says(), undefined);
});

test('what keeps everything from being known keeps every pair apart', t => {
	t.is(says({problem: 'Open vSwitch cannot be read'}), 'Open vSwitch cannot be read');
	t.is(says({bridge: {switching: 'xenbr0 cannot be read'}}), 'xenbr0 cannot be read');
});

test('ports of other bridges, or of none', t => {
	t.is(withB({bridge: 'xenbr1'}), 'vif1.0 is on xenbr0, vif2.0 is on xenbr1');
	t.is(says({ports: [port('vif1.0')]}), 'vif2.0 is not a port of Open vSwitch');
});

test('what one port has', t => {
	const found: ReadonlyArray<readonly [Partial<OvsPort>, RegExp]> = [
		[{error: 'could not open it'}, /^Open vSwitch says of vif2\.0: could not open it$/],
		[{number: undefined}, /has not attached vif2\.0 yet$/],
		[{isBond: true}, /^vif2\.0 is one of several interfaces/],
		[{type: 'patch'}, /^vif2\.0 is of type patch$/],
		[{isDown: true}, /^vif2\.0 is down$/],
		[{lacp: 'active'}, /^vif2\.0 speaks LACP \(active\)$/],
		[{isPoliced: true}, /^vif2\.0 has an ingress policing rate/],
		[{qos: 'linux-htb'}, /^vif2\.0 has a QoS \(linux-htb\)/],
		[{treeState: 'learning'}, /^vif2\.0 is not forwarding .* it is learning$/],
		[{treeState: 'Discarding'}, /it is Discarding$/],
	];

	for (const [change, pattern] of found) {
		t.regex(withB(change) ?? '', pattern);
	}
	for (const treeState of ['forwarding', 'Forwarding']) {
		t.is(withB({treeState}), undefined);
	}
});

test('only two protected ports are apart', t => {
	const both = ['vif1.0', 'vif2.0'].map(name => port(name, {isProtected: true}));

	t.is(says({ports: both}), 'vif1.0 and vif2.0 are protected ports of xenbr0');
	t.is(withB({isProtected: true}), undefined);
});

const mirror = {
	...{name: 'ids', selectsAll: false, selectsPorts: ['vif9.0'], selectsVlans: []},
	outputPort: 'vif8.0',
};

test('mirrors of what passes between the two, and of others', t => {
	const of = (change: Partial<typeof mirror> | {selectsVlans: number[]}) =>
		says({bridge: {mirrors: [{...mirror, ...change}]}});

	t.is(of({}), undefined);
	t.regex(of({selectsAll: true}) ?? '', /^mirror ids of xenbr0 takes/);
	t.regex(of({selectsPorts: ['vif2.0']}) ?? '', /^mirror ids/);
	t.regex(of({selectsPorts: [], selectsVlans: [0]}) ?? '', /^mirror ids/);
	t.is(of({selectsAll: true, selectsVlans: [7]}), undefined);
	t.regex(of({outputPort: 'vif1.0'}) ?? '', /^mirror ids/);
});

test('a static entry counts in its VLAN, and where it names another port', t => {
	const of = (port: string, vlan: number, mac = b.mac) =>
		says({switching: {staticEntries: [{port, vlan, mac}]}});

	t.regex(of('3', 0) ?? '', /00:16:3e:00:00:02 of vif2\.0 bound to another port \(3\)$/);
	t.is(of('2', 0), undefined);
	t.is(of('3', 10), undefined);
	t.is(of('3', 0, '00:16:3e:00:00:09'), undefined);
	t.regex(of('3', 0, a.mac) ?? '', /of vif1\.0/);
});

test('what OpenFlow forbids a port, and fragments', t => {
	t.regex(
		says({switching: {forbids: new Map([[2, ['no-flood']]])}}) ?? '',
		/set no-flood for vif2\.0$/,
	);
	t.is(says({switching: {forbids: new Map([[3, ['no-flood']]])}}), undefined);
	t.regex(says({switching: {fragments: 'drop'}}) ?? '', /set-frags drop/);
	t.is(says({switching: {fragments: 'nx-match'}}), undefined);
});

test('who watches all of a bridge', t => {
	t.regex(says({bridge: {samplers: ['sFlow', 'IPFIX']}}) ?? '', /\(sFlow, IPFIX\)/);
	t.regex(says({bridge: {floodVlans: [0]}}) ?? '', /floods VLAN 0/);
	t.is(says({bridge: {floodVlans: [7]}}), undefined);
});

test("flows that XAPI sets for a guest's addresses: the drop at their end is named", t => {
	const flows = parseFlows(fixture('flows-3.1-of13.txt')).filter(
		({match, actions}) =>
			match.includes('in_port=1') || (actions === 'NORMAL' && match.length === 0),
	);

	t.is(
		says({switching: {flows: createFlowTable(flows)}}),
		'a flow of xenbr0 would be bypassed: priority=4000,in_port=1 actions=drop',
	);
});

test('flows are asked both ways, and for both versions of IP', t => {
	const of = (...lines: readonly string[]) =>
		says({
			switching: {
				flows: createFlowTable(
					parseFlows([...lines, ' priority=0 actions=NORMAL'].join('\n')),
				),
			},
		});

	t.regex(of(' in_port=2,tcp actions=drop') ?? '', /tcp actions=drop$|in_port=2,tcp/);
	t.regex(of(' in_port=1,tcp6 actions=drop') ?? '', /tcp6/);
	t.is(
		of(' in_port=3 actions=drop', ' in_port=1,dl_dst=00:16:3e:00:00:03 actions=drop'),
		undefined,
	);
});

test("dom0's own end is the bridge's local port", t => {
	const local = port('vif1.0', {number: 0xfffe, type: 'internal'});
	const of = (line: string) =>
		says({
			ports: [local, port('vif2.0')],
			switching: {flows: createFlowTable(parseFlows(`${line}\n actions=NORMAL`))},
		});

	t.regex(of(' priority=40000,in_port=LOCAL,udp actions=drop') ?? '', /LOCAL/);
	t.is(of(' priority=40000,in_port=1,udp actions=drop'), undefined);
});
