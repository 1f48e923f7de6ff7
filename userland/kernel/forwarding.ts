// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';
import {families, routeProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import {macText} from './parse.ts';

/** An entry of a bridge's forwarding table. */
export type ForwardingEntry = {
	readonly mac: string;
	/** 0 without VLAN filtering. */
	readonly vlan: number;
	/** Ifindex of the bridge. */
	readonly bridge: number;
	/** Ifindex of the port that gets the frames, or of the bridge itself. */
	readonly device: number;
	/** Local: frames are for dom0 itself. Fixed: no age ends it. Learned: gone when it was not heard for a while. */
	readonly kind: 'local' | 'fixed' | 'learned';
	/** Made for an address that a locked port has not let in yet. */
	readonly isLocked: boolean;
};

/** NDA_*. */
const neighbourAttributes = {
	mac: {id: 2, type: 'binary'},
	vlan: {id: 5, type: 'u16'},
	master: {id: 9, type: 'u32'},
	flags: {id: 15, type: 'u32'},
} as const satisfies AttributeTable;

const getNeighbour = 30;
/** struct ndmsg. */
const headerLength = 12;
const permanent = 0x80;
const noArp = 0x40;
const learnedElsewhere = 1 << 4;
const isLockedFlag = 1 << 1;

/** The forwarding tables of all bridges, by one dump. */
export async function readForwarding(): Promise<ForwardingEntry[]> {
	return await withConnection(routeProtocol, async connection => {
		const messages = await connection.request({
			type: getNeighbour,
			dump: true,
			header: Uint8Array.from({length: headerLength}, (_, at) =>
				at === 0 ? families.bridge : 0,
			),
			attributes: new Uint8Array(),
			table: neighbourAttributes,
		});

		return messages.flatMap(message => parseForwarding(message) ?? []);
	});
}

/**
 * Undefined for what is in no bridge's table: neighbours of other families, and the addresses that a
 * device itself listens to.
 */
export function parseForwarding({payload}: Message): ForwardingEntry | undefined {
	const view = viewOf(payload);
	const values = decode(neighbourAttributes, payload.subarray(headerLength));
	const {mac, vlan = 0, master, flags = 0} = values;
	const state = view.getUint16(8, littleEndian);

	if (payload[0] !== families.bridge || mac?.length !== 6 || master === undefined) {
		return undefined;
	}

	return {
		mac: macText(mac),
		vlan,
		bridge: master,
		device: view.getInt32(4, littleEndian),
		kind:
			(state & permanent) !== 0
				? 'local'
				: (state & noArp) !== 0 || ((payload[10] ?? 0) & learnedElsewhere) !== 0
					? 'fixed'
					: 'learned',
		isLocked: (flags & isLockedFlag) !== 0,
	};
}
