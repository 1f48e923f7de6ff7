// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseVlans} from '../../../userland/kernel/vlans.ts';
import {attribute, message, nest, u16, u32} from './_attributes.ts';

const pvid = 2;
const untagged = 4;

/** RTM_NEWVLAN with struct br_vlan_msg. */
const dump = (ifindex: number, ...entries: Uint8Array[]) =>
	message(112, Buffer.concat([Uint8Array.of(7, 0, 0, 0), u32(ifindex)]), ...entries);
const entry = (flags: number, vlan: number, state: number, last?: number) =>
	nest(
		1,
		attribute(1, u16(flags, vlan)),
		attribute(3, [state]),
		...(last === undefined ? [] : [attribute(2, u16(last))]),
	);

test('VLANs of a port, in ranges and alone, with the states of those that stand still', t => {
	const vlans = parseVlans([
		dump(3, entry(pvid | untagged, 1, 3), entry(0, 10, 3, 12), entry(untagged, 20, 4, 21)),
		dump(4, entry(0, 7, 0)),
	]);

	t.deepEqual(vlans.get(3), {
		pvid: 1,
		untagged: new Set([1, 20, 21]),
		stopped: new Map([
			[20, 'blocking'],
			[21, 'blocking'],
		]),
	});
	t.deepEqual(vlans.get(4), {
		pvid: undefined,
		untagged: new Set(),
		stopped: new Map([[7, 'disabled']]),
	});
});

test('a port with many VLANs takes several messages', t => {
	const vlans = parseVlans([
		dump(3, entry(pvid | untagged, 5, 3)),
		dump(3, entry(untagged, 6, 2), entry(untagged, 7, 9)),
	]);

	t.deepEqual(vlans.get(3), {
		pvid: 5,
		untagged: new Set([5, 6, 7]),
		stopped: new Map([
			[6, 'learning'],
			[7, 'in state 9'],
		]),
	});
});
