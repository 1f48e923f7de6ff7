// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseDatabase} from '../../../userland/openvswitch/rows.ts';
import {fixture} from './_fixtures.ts';

const {bridges, ports, isRestoring} = parseDatabase(JSON.parse(fixture('database-3.1.json')));
const port = (device: string) => ports.find(each => each.device === device);

test('a bridge, who watches it, and what it floods', t => {
	const [bridge] = bridges;

	t.is(bridges.length, 1);
	t.like(bridge, {name: 'xenbr0', samplers: ['sFlow'], floodVlans: [7, 9]});
	t.like(bridge?.mirrors[0], {
		...{name: 'ids', selectsAll: false, selectsVlans: [7, 100]},
		outputPort: port('vif3.0')?.id,
	});
	t.deepEqual(bridge?.mirrors[0]?.selectsPorts, [port('vif1.0')?.id]);
	t.false(isRestoring);
});

test('ports: their VLANs, numbers and limits', t => {
	t.like(port('vif1.0'), {bridge: 'xenbr0', number: 1, type: 'system', isDown: false});
	t.like(port('vif1.0')?.vlans, {mode: 'access', tag: 100});
	t.like(port('vif2.0')?.vlans, {mode: 'native-untagged', tag: 100, trunks: [100, 200]});
	t.like(port('vif3.0'), {isProtected: true, isPoliced: true, qos: 'linux-htb', lacp: undefined});
	t.like(port('xenbr0'), {number: 65534, type: 'internal', isDown: true, treeState: undefined});
	t.like(port('xapi5')?.vlans, {mode: 'access', tag: 100});
});

test('both interfaces of a bond are one port', t => {
	t.true(port('vif4.0')?.isBond);
	t.is(port('vif4.0')?.id, port('vif5.0')?.id);
	t.false(port('vif1.0')?.isBond);
});

test('a device that is not there has no number, but an error', t => {
	t.is(port('vif9.0')?.number, undefined);
	t.regex(port('vif9.0')?.error ?? '', /No such device/);
});

test('a port of a spanning tree has a state, until it is there a word', t => {
	t.truthy(port('vif1.0')?.treeState);
});

const one = (bridge: object, row: object, face: object = {}) =>
	parseDatabase({
		Bridge: {b: {new: {name: 'br', ports: ['uuid', 'p'], ...bridge}}},
		Port: {p: {new: {name: 'v', interfaces: ['uuid', 'i'], ...row}}},
		Interface: {i: {new: {name: 'v', ofport: 3, ...face}}},
	}).ports[0];
const map = (...pairs: ReadonlyArray<readonly [string, string]>) => ['map', pairs];

test('columns that an old schema lacks say nothing', t => {
	t.like(one({}, {}), {
		...{number: 3, isPoliced: false, isProtected: false, qos: undefined, treeState: undefined},
		...{lacp: undefined, type: 'system', error: undefined, isDown: false},
	});
});

test('the state in the tree that is on', t => {
	const states = {
		status: map(['stp_state', 'forwarding']),
		rstp_status: map(['rstp_port_state', 'Discarding']),
	};

	t.is(one({stp_enable: true}, states)?.treeState, 'forwarding');
	t.is(one({rstp_enable: true}, states)?.treeState, 'Discarding');
	t.is(one({rstp_enable: true, stp_enable: true}, states)?.treeState, 'Discarding');
	t.is(one({}, states)?.treeState, undefined);
	t.is(one({rstp_enable: true}, {})?.treeState, 'not in it yet');
	const other_config = map(['stp-enable', 'false']);
	t.is(one({stp_enable: true}, {...states, other_config})?.treeState, undefined);
	t.is(one({rstp_enable: true}, {...states, other_config})?.treeState, 'Discarding');
});

test('down is what the administrator or the wire says', t => {
	t.true(one({}, {}, {admin_state: 'down', link_state: 'up'})?.isDown);
	t.true(one({}, {}, {admin_state: 'up', link_state: 'down'})?.isDown);
});

test('LACP that is off is none; a QoS that only keeps hands off is none', t => {
	t.is(one({}, {lacp: 'off'})?.lacp, undefined);
	t.is(one({}, {lacp: 'passive'})?.lacp, 'passive');
	const noop = parseDatabase({
		Bridge: {b: {new: {name: 'br', ports: ['uuid', 'p']}}},
		Port: {p: {new: {name: 'v', interfaces: ['uuid', 'i'], qos: ['uuid', 'q']}}},
		Interface: {i: {new: {name: 'v', ofport: 3}}},
		QoS: {q: {new: {type: 'linux-noop'}}},
	});
	t.is(noop.ports[0]?.qos, undefined);
});

test('a switch that waits for its flows says so', t => {
	const other_config = map(['flow-restore-wait', 'true']);

	t.true(parseDatabase({Open_vSwitch: {o: {new: {other_config}}}}).isRestoring);
	t.false(parseDatabase({}).isRestoring);
});

for (const answer of [
	null,
	[],
	'no',
	{Bridge: 5},
	{Bridge: {b: {}}},
	{Bridge: {b: {new: {ports: ['heap', 1]}}}},
]) {
	test(`not a database: ${JSON.stringify(answer)}`, t => {
		t.throws(() => parseDatabase(answer), {message: /not understood/});
	});
}
