// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';
import {families, routeProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import {errnoOf} from './errors.ts';

/** How untagged frames enter a port of a bridge, and which leave it untagged. */
export type PortVlans = {
	readonly pvid: number | undefined;
	readonly untagged: ReadonlySet<number>;
	/** Whose frames do not pass, and why: a state of the spanning tree, of the VLAN or of its instance (MST). */
	readonly stopped: ReadonlyMap<number, string>;
};

/** BRIDGE_VLANDB_*. */
const vlanAttributes = {
	entry: {
		id: 1,
		type: 'nest',
		multi: true,
		set: {
			/** struct bridge_vlan_info: flags and VLAN. */
			info: {id: 1, type: 'binary'},
			/** The last of a range that begins with it. */
			range: {id: 2, type: 'u16'},
			state: {id: 3, type: 'u8'},
		},
	},
} as const satisfies AttributeTable;

const getVlan = 114;
/** struct br_vlan_msg. */
const headerLength = 8;
const isPvid = 1 << 1;
const isUntagged = 1 << 2;
const states = ['disabled', 'listening', 'learning', 'forwarding', 'blocking'] as const;

/**
 * The VLANs of bridges and ports, by ifindex; undefined where the kernel has none (before Linux 5.6, or
 * without CONFIG_BRIDGE_VLAN_FILTERING).
 */
export async function readVlans(): Promise<ReadonlyMap<number, PortVlans> | undefined> {
	try {
		return await withConnection(routeProtocol, async connection =>
			parseVlans(
				await connection.request({
					type: getVlan,
					dump: true,
					header: Uint8Array.from({length: headerLength}, (_, at) =>
						at === 0 ? families.bridge : 0,
					),
					attributes: new Uint8Array(),
					table: vlanAttributes,
				}),
			),
		);
	} catch (error) {
		if (errnoOf(error) === 'ENOTSUP') {
			return undefined;
		}
		throw error;
	}
}

/** A device may take several messages. */
export function parseVlans(messages: readonly Message[]): Map<number, PortVlans> {
	const found = new Map<number, PortVlans>();

	for (const {payload} of messages) {
		const ifindex = viewOf(payload).getUint32(4, littleEndian);
		const {entry = []} = decode(vlanAttributes, payload.subarray(headerLength));
		const before = found.get(ifindex);
		const untagged = new Set(before?.untagged);
		const stopped = new Map(before?.stopped);
		let pvid = before?.pvid;

		for (const {info = new Uint8Array(4), range, state = 3} of entry) {
			const flags = viewOf(info).getUint16(0, littleEndian);
			const first = viewOf(info).getUint16(2, littleEndian);

			if ((flags & isPvid) !== 0) {
				pvid = first;
			}
			for (let vlan = first; vlan <= (range ?? first); vlan++) {
				if ((flags & isUntagged) !== 0) {
					untagged.add(vlan);
				}
				if (states[state] !== 'forwarding') {
					stopped.set(vlan, states[state] ?? `in state ${state}`);
				}
			}
		}
		found.set(ifindex, {pvid, untagged, stopped});
	}

	return found;
}
