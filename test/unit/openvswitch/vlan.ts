// SPDX-License-Identifier: MIT
import test from 'ava';
import {modeOf, untaggedBy} from '../../../userland/openvswitch/vlan.ts';
import type {PortVlans} from '../../../userland/openvswitch/types.ts';

function of(change: Partial<PortVlans>) {
	const vlans = {mode: undefined, tag: undefined, trunks: [], customers: [], ...change};
	const {enters, leaves} = untaggedBy({...vlans, mode: modeOf(vlans)});

	return {enters, leaves: [0, 10, 20].filter(leaves)};
}

test('a port that nothing was said about carries VLAN 0', t => {
	t.deepEqual(of({}), {enters: 0, leaves: [0]});
	t.deepEqual(of({trunks: [0, 10]}), {enters: 0, leaves: [0]});
	t.deepEqual(of({trunks: [10]}), {enters: undefined, leaves: [0]});
});

test('an access port is in its VLAN, whether it says so or not', t => {
	t.deepEqual(of({tag: 10}), {enters: 10, leaves: [10]});
	t.deepEqual(of({tag: 10, mode: 'access'}), {enters: 10, leaves: [10]});
	t.deepEqual(of({mode: 'access'}), {enters: 0, leaves: [0]});
	t.deepEqual(of({tag: 10, trunks: [20]}), {enters: 10, leaves: [10]});
});

test('native VLANs enter alike and leave otherwise', t => {
	t.deepEqual(of({tag: 10, mode: 'native-untagged'}), {enters: 10, leaves: [10]});
	t.deepEqual(of({tag: 10, mode: 'native-tagged'}), {enters: 10, leaves: []});
});

test('a trunk does not care for a tag', t => {
	t.deepEqual(of({tag: 10, mode: 'trunk'}), {enters: 0, leaves: [0]});
});

test('a tunnel takes untagged frames where its customers may send them', t => {
	t.deepEqual(of({tag: 10, mode: 'dot1q-tunnel'}), {enters: 10, leaves: [10]});
	t.deepEqual(of({tag: 10, mode: 'dot1q-tunnel', customers: [5]}), {
		enters: undefined,
		leaves: [10],
	});
});

test('a mode that is not known carries nothing', t => {
	t.deepEqual(of({tag: 10, mode: 'private'}), {enters: undefined, leaves: []});
});
