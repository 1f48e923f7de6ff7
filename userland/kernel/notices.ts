// SPDX-License-Identifier: MIT
import {littleEndian, viewOf} from './attributes.ts';
import {parseTableName} from './chains.ts';
import {netfilterProtocol, routeProtocol} from './dump.ts';
import {parseForwarding} from './forwarding.ts';
import type {Message} from './message.ts';
import {subscribe} from './netlink.ts';

/**
 * What the kernel says has changed, as one line each, so that a queue holds nothing twice:
 * `links` (devices, ports, VLANs), `queues IFINDEX`, `forwarding MAC`, `chains FAMILY TABLE` (and tables),
 * `rules FAMILY TABLE` (and sets, elements, objects). `lost` stands for messages that found no room.
 */
export type Notice =
	| 'links'
	| `queues ${number}`
	| `forwarding ${string}`
	| `chains ${string}`
	| `rules ${string}`
	| 'lost';

/** RTNLGRP_LINK, _NEIGH, _TC and, from Linux 5.6 on, _BRVLAN. */
const routeGroups = [1, 3, 4] as const;
const vlanGroup = 33;
/** NFNLGRP_NFTABLES. */
const tablesGroup = 7;

/** Room for bursts of other neighbours' messages, of which most are not ours. */
const receiveBuffer = 1 << 20;

/** Says `lost` once now, as nobody knows what was before. */
export function watchRoute(signal: AbortSignal): AsyncIterable<Notice> {
	const queue = subscribe<Notice>({
		protocol: routeProtocol,
		groups: routeGroups,
		optionalGroups: [vlanGroup],
		signal,
		receiveBuffer,
		parse: parseRoute,
		lost: 'lost',
	});

	queue.push('lost');

	return queue;
}

/** Says `lost` once now. */
export function watchTables(signal: AbortSignal): AsyncIterable<Notice> {
	const queue = subscribe<Notice>({
		protocol: netfilterProtocol,
		groups: [tablesGroup],
		signal,
		receiveBuffer,
		parse(message) {
			const about = parseTableName(message);

			return about && `${about.what} ${about.family as string} ${about.table}`;
		},
		lost: 'lost',
	});

	queue.push('lost');

	return queue;
}

/** RTM_*: each kind has a NEW, a DEL and a GET, in this order. */
const kinds = {link: 16, neighbour: 28, queue: 36, filter: 44, chain: 100, vlan: 112} as const;

function parseRoute(message: Message): Notice | undefined {
	switch (message.type & ~1) {
		case kinds.link:
		case kinds.vlan:
			return 'links';
		case kinds.neighbour: {
			const entry = parseForwarding(message);

			return entry && `forwarding ${entry.mac}`;
		}
		case kinds.queue:
		case kinds.filter:
		case kinds.chain:
			// Of a shared block the ifindex is a mark; whose it is, is read.
			return `queues ${viewOf(message.payload).getInt32(4, littleEndian)}`;
		default:
			return undefined;
	}
}
