// SPDX-License-Identifier: MIT
import type {PairStatus, PeerStatus, Status} from '../control/protocol.ts';
import {printable} from '../names.ts';

type Cell = string | number | null | undefined;

type Column = {
	readonly name: string;
	/** What the manual says of it. */
	readonly says: string;
	readonly peer: (peer: PeerStatus) => Cell;
	/** Nothing where a pair has no such thing. */
	readonly pair?: (pair: PairStatus) => Cell;
};

/** New ones are added at the end, none is ever moved. */
export const columns: readonly Column[] = [
	{
		...{name: 'kind', says: '`peer`: of this domain; `pair`: of the host, in dom0'},
		...{peer: () => 'peer', pair: () => 'pair'},
	},
	{
		...{name: 'name', says: 'of the peer, or of the first of the pair'},
		...{peer: ({peer}) => peer, pair: ({a}) => a.name},
	},
	{name: 'domid', says: 'its domain number', peer: ({domid}) => domid, pair: ({a}) => a.domid},
	{
		...{name: 'other_name', says: 'of the second of the pair'},
		...{peer: () => null, pair: ({b}) => b.name},
	},
	{
		...{name: 'other_domid', says: 'its domain number'},
		...{peer: () => null, pair: ({b}) => b.domid},
	},
	{name: 'state', says: 'as `coloop list` says it', ...both(({state}) => state)},
	{name: 'code', says: 'why there is no channel, a word', ...both(({code}) => code)},
	{
		...{name: 'since', says: 'when the channel entered its state, seconds since 1970'},
		...both(({since}) => since),
	},
	{name: 'epoch', says: 'the life of the pair', ...both(({epoch}) => epoch)},
	{
		...{name: 'sent_packets', says: 'over this channel, from the first to the second'},
		...{peer: ({tx_packets}) => tx_packets, pair: ({a_to_b_packets}) => a_to_b_packets},
	},
	{
		...{name: 'sent_bytes', says: 'their bytes, Ethernet headers included'},
		...{peer: ({tx_bytes}) => tx_bytes, pair: ({a_to_b_bytes}) => a_to_b_bytes},
	},
	{
		...{name: 'received_packets', says: 'the other way'},
		...{peer: ({rx_packets}) => rx_packets, pair: ({b_to_a_packets}) => b_to_a_packets},
	},
	{
		...{name: 'received_bytes', says: 'their bytes'},
		...{peer: ({rx_bytes}) => rx_bytes, pair: ({b_to_a_bytes}) => b_to_a_bytes},
	},
	{name: 'reason', says: 'why there is no channel, a sentence', ...both(({reason}) => reason)},
	{name: 'rule', says: 'of policy that decided, file:line:column', ...both(({rule}) => rule)},
	{name: 'ring_bytes', says: 'size of our ring', peer: ({ring_bytes}) => ring_bytes},
	{
		...{name: 'peer_ring_bytes', says: "size of the peer's"},
		peer: ({peer_ring_bytes}) => peer_ring_bytes,
	},
	{name: 'queues', says: 'rings of that size each way', peer: ({queues}) => queues},
	{
		...{name: 'queued_bytes', says: 'in our rings and backlog now'},
		peer: ({queued_bytes}) => queued_bytes,
	},
	{name: 'dropped', says: 'packets lost, for whatever reason', peer: droppedBy},
	{
		...{name: 'ordinary', says: 'packets that took the ordinary path'},
		peer: ({ordinary}) => Object.values(ordinary).reduce((sum, count) => sum + count, 0),
	},
	{
		...{name: 'interface', says: 'of the first link'},
		...{peer: ({links}) => links[0]?.interface, pair: ({links}) => links[0]?.bridge},
	},
	{
		...{name: 'mac', says: 'our Ethernet address there, or that of the first of the pair'},
		...{peer: ({links}) => links[0]?.local_mac, pair: ({links}) => links[0]?.a_mac},
	},
	{
		...{name: 'other_mac', says: "the peer's, or that of the second"},
		...{peer: ({links}) => links[0]?.remote_mac, pair: ({links}) => links[0]?.b_mac},
	},
];

/** One line a peer, then one a pair; cells between tabs, `-` for what there is not. */
export function dump({peers, pairs}: Status): string[] {
	const line = (cells: readonly Cell[]) => cells.map(escape).join('\t');

	return [
		...peers.map(peer => line(columns.map(column => column.peer(peer)))),
		...(pairs ?? []).map(pair => line(columns.map(column => column.pair?.(pair)))),
	];
}

/**
 * A backslash as two, tab and line feed as `\t` and `\n`, whatever a terminal would act on as `\u{hex}`,
 * so that a cell is one whatever somebody called a domain.
 */
function escape(cell: Cell): string {
	if (cell === null || cell === undefined || cell === '') {
		return '-';
	}
	const text = String(cell).replace(/[\\\t\n]/g, character => escapes[character] ?? '');

	return text === '-' ? '\\u{2d}' : printable(text);
}

const escapes: Readonly<Record<string, string>> = {'\\': '\\\\', '\t': '\\t', '\n': '\\n'};

function droppedBy(peer: PeerStatus): number {
	return (
		peer.dropped_backlog +
		peer.dropped_source +
		peer.dropped_header +
		peer.dropped_memory +
		peer.dropped_device
	);
}

function both(
	of: (item: PeerStatus | PairStatus) => Cell,
): Pick<Required<Column>, 'peer' | 'pair'> {
	return {peer: of, pair: of};
}
