// SPDX-License-Identifier: MIT
import test from 'ava';
import {separatedByBridge, type BridgeState} from '../../../userland/firewall/bridge.ts';
import type {BridgeOptions, BridgePort, Link, PortVlans} from '../../../userland/firewall/links.ts';
import {host, vifA, vifB} from './_fixtures.ts';

type Changes = {
	readonly a?: Partial<BridgePort>;
	readonly b?: Partial<BridgePort>;
	readonly bridge?: Partial<BridgeOptions>;
	readonly vlans?: Readonly<Record<string, PortVlans>>;
};

function state({a, b, bridge, vlans = {}}: Changes = {}): BridgeState {
	const port = {bridge: 'xenbr0', state: 'forwarding', isolated: false, locked: false};
	const options = {filtersVlans: false, callsIptables: false, callsIp6tables: false};
	const links: Link[] = [
		{name: 'xenbr0', hasXdp: false, port: undefined, bridge: {...options, ...bridge}},
		{name: 'vif3.0', hasXdp: false, port: {...port, ...a}, bridge: undefined},
		{name: 'vif4.0', hasXdp: false, port: {...port, ...b}, bridge: undefined},
	];

	return {
		links: new Map(links.map(link => [link.name, link])),
		vlans: new Map(Object.entries(vlans)),
	};
}

const guests = (changes?: Changes) => separatedByBridge(vifA, vifB, state(changes))?.text;
const dom0 = (changes?: Changes) => separatedByBridge(vifA, host, state(changes))?.text;

test('two ports of one bridge reach each other, and dom0', t => {
	t.is(guests(), undefined);
	t.is(dom0(), undefined);
});

test('two bridges', t => {
	const other = {...vifB, bridge: 'xenbr1'};

	t.is(separatedByBridge(vifA, other, state())?.text, 'vif3.0 is on xenbr0, vif4.0 is on xenbr1');
});

test('a port that left its bridge, or never was there', t => {
	t.is(guests({a: {bridge: 'xenbr1'}}), 'vif3.0 is not a port of xenbr0');
	t.is(
		separatedByBridge(vifA, {...vifB, name: 'vif9.0'}, state())?.text,
		'vif9.0 is not a port of xenbr0',
	);
	t.is(
		separatedByBridge(vifA, {...host, name: 'vif4.0'}, state())?.text,
		'vif4.0 is no Linux bridge',
	);
});

test('a port that the spanning tree blocks', t => {
	t.is(guests({b: {state: 'blocking'}}), 'vif4.0 is not forwarding on xenbr0, it is blocking');
});

test('isolated ports reach dom0, but not each other', t => {
	const both = {a: {isolated: true}, b: {isolated: true}};

	t.is(guests(both), 'vif3.0 and vif4.0 are isolated ports of xenbr0');
	t.is(guests({a: {isolated: true}}), undefined);
	t.is(dom0(both), undefined);
});

test('a locked port', t => {
	t.is(guests({a: {locked: true}}), 'vif3.0 is a locked port of xenbr0');
});

const vlan = (pvid: number | undefined, ...untagged: number[]): PortVlans => ({
	pvid,
	untagged: new Set(untagged),
});
const filtered = (vlans: Record<string, PortVlans>) => ({bridge: {filtersVlans: true}, vlans});

test('VLANs keep ports apart, where the bridge looks at them', t => {
	const apart = {'vif3.0': vlan(10, 10), 'vif4.0': vlan(20, 20), xenbr0: vlan(10, 10)};

	t.is(guests({vlans: apart}), undefined);
	t.is(guests(filtered(apart)), 'xenbr0 keeps vif3.0 (10) and vif4.0 (20) in different VLANs');
	t.is(dom0(filtered(apart)), undefined);
	t.is(guests(filtered({'vif3.0': vlan(10, 10), 'vif4.0': vlan(10, 10)})), undefined);
});

test('one VLAN is not enough: frames must leave untagged, both ways, and enter somewhere', t => {
	const text = 'xenbr0 keeps vif3.0 (10) and vif4.0 (10) in different VLANs';

	t.is(guests(filtered({'vif3.0': vlan(10, 10), 'vif4.0': vlan(10)})), text);
	t.is(guests(filtered({'vif3.0': vlan(10), 'vif4.0': vlan(10, 10)})), text);
	t.is(guests(filtered({})), 'xenbr0 keeps vif3.0 (none) and vif4.0 (none) in different VLANs');
	t.is(guests(filtered({'vif3.0': vlan(10, 10, 20), 'vif4.0': vlan(20, 10, 20)})), undefined);
});
