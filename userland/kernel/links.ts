// SPDX-License-Identifier: MIT
import {type AttributeTable, littleEndian, viewOf} from './attributes.ts';
import {decode, encode} from './codec.ts';
import {routeProtocol, withConnection} from './dump.ts';
import type {Message} from './message.ts';
import {subscribe} from './netlink.ts';
import {macText} from './parse.ts';
import {vifOf} from './vif.ts';

/** An Ethernet-like interface; `master` is the bridge (or bond) it belongs to. */
type Interface = {
	readonly ifindex: number;
	readonly name: string;
	readonly mac: string;
	readonly mtu: number;
	readonly master?: number;
	/** The number of the vif that it is, in a guest. */
	readonly vif?: string;
};

const getLink = 18;
/** RTNLGRP_LINK. */
const linkGroup = 1;

const linkAttributes = {
	address: {id: 1, type: 'binary'},
	name: {id: 3, type: 'string'},
	mtu: {id: 4, type: 'u32'},
	master: {id: 10, type: 'u32'},
	extended: {id: 29, type: 'u32'},
} as const satisfies AttributeTable;

/** struct ifinfomsg: what stands before the attributes of a link. */
const infoLength = 16;
const ethernet = 1;
const skipStatistics = 8;

/** The interfaces of our network namespace that have Ethernet addresses. */
export async function interfaces(): Promise<Interface[]> {
	return await withConnection(routeProtocol, async connection => {
		const messages = await connection.request({
			type: getLink,
			dump: true,
			header: new Uint8Array(infoLength),
			attributes: encode(linkAttributes, {extended: skipStatistics}),
			table: linkAttributes,
		});

		return await Promise.all(messages.flatMap(parseInterface).map(withVif));
	});
}

/** Says `changed` once now and whenever an interface came, went or changed. A hint: look again. */
export function watchLinks(signal: AbortSignal): AsyncIterable<'changed'> {
	const queue = subscribe({
		protocol: routeProtocol,
		groups: [linkGroup],
		signal,
		parse: () => 'changed' as const,
		lost: 'changed' as const,
	});

	queue.push('changed');

	return queue;
}

async function withVif(found: Interface): Promise<Interface> {
	const vif = await vifOf(found.name);

	return {...found, ...(vif !== undefined && {vif})};
}

function parseInterface({payload}: Message): Interface[] {
	const {address, name, mtu, master} = decode(linkAttributes, payload.subarray(infoLength));
	const view = viewOf(payload);

	if (view.getUint16(2, littleEndian) !== ethernet || address === undefined) {
		return [];
	}

	return [
		{
			ifindex: view.getInt32(4, littleEndian),
			name: name ?? '',
			mac: macText(address),
			mtu: mtu ?? 0,
			...(master !== undefined && {master}),
		},
	];
}
