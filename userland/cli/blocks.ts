// SPDX-License-Identifier: MIT
import type {PairStatus, PeerStatus, Status} from '../control/protocol.ts';
import {block} from './render.ts';
import {bytes, duration} from './units.ts';

/** All about a peer; lines about nothing are left out. */
export function peerBlock(peer: PeerStatus, now: number): string[] {
	return block(`guest: ${peer.peer} (domain ${peer.domid})`, [
		['channel', channelLine(peer, now)],
		['policy', peer.rule && `${peer.code === 'policy' ? 'deny' : 'allow'} (${peer.rule})`],
		...peer.links.map(link => ['link', linkLine(link)] as const),
		['rings', peer.ring_bytes === null ? '' : ringLine(peer)],
		['transfer', transferLine(peer.rx_bytes, peer.tx_bytes)],
		['packets', packetLine(peer)],
		['busy polling', pollLine(peer)],
		['dropped', dropLine(peer)],
		['diverts', peer.selectors?.join(', ')],
		['ordinary path', ordinaryLine(peer)],
		['last failure', peer.last_failure],
	]);
}

/** All about a pair of the host. */
export function pairBlock(pair: PairStatus, status: Status, now: number): string[] {
	const {a, b} = pair;
	const own = a.domid === 0 ? status.peers.find(({domid}) => domid === b.domid) : undefined;

	return block(`pair: ${a.name} (domain ${a.domid}) <-> ${b.name} (domain ${b.domid})`, [
		...[a, b].map(({name, uuid}) => [`UUID of ${name}`, uuid] as const),
		...[a, b].map(({name, tags}) => [`tags of ${name}`, tags?.join(', ')] as const),
		['channel', channelLine({...pair, peer: b.name}, now)],
		['policy', pair.rule && `${pair.code === 'policy' ? 'deny' : 'allow'} (${pair.rule})`],
		...pair.links.map(
			link =>
				[
					'link',
					`${link.bridge}: ${a.name} vif ${link.a_vif} ${link.a_mac}, ${b.name} vif ${link.b_vif} ${link.b_mac}`,
				] as const,
		),
		[`limits of ${a.name}`, pair.a_limits?.join(', ')],
		[`limits of ${b.name}`, pair.b_limits?.join(', ')],
		[`${a.name} to ${b.name}`, flow(pair.a_to_b_bytes, pair.a_to_b_packets)],
		[`${b.name} to ${a.name}`, flow(pair.b_to_a_bytes, pair.b_to_a_packets)],
		['rings', own && own.ring_bytes !== null ? ringLine(own) : ''],
		['busy polling by dom0', own && pollLine(own)],
		['dropped by dom0', own && dropLine(own)],
		['ordinary path by dom0', own && ordinaryLine(own)],
		["dom0's side", own?.reason ? `${own.state}: ${own.reason}` : ''],
	]);
}

type PeerLink = PeerStatus['links'][number];

type Ending = Pick<PeerStatus, 'state' | 'reason' | 'since'> & {peer: string};

function channelLine({state, reason, since}: Ending, now: number): string {
	if (state === 'live') {
		const live = since === null ? 'live' : `live for ${duration(now - since)}`;

		return reason === null ? live : `${live}, but ${reason}`;
	}
	if (state === 'refused' || state === 'held') {
		return `none, ${state}: ${reason ?? ''}`;
	}
	if (state === 'ready') {
		return `none yet, ${reason ?? 'the first packet opens it'}`;
	}

	return reason === null ? state : `${state}: ${reason}`;
}

function linkLine({interface: name, local_mac, remote_mac, mtu, blocked}: PeerLink): string {
	const way = `${name} ${local_mac} to ${remote_mac}`;
	const size = mtu === null ? '' : `, MTU ${mtu}`;

	return `${way}${size}${blocked === null ? '' : `, blocked (${blocked})`}`;
}

function ringLine({ring_bytes: own, peer_ring_bytes: theirs, queues}: PeerStatus): string {
	const each = queues === null || queues === 1 ? '' : `${queues} x `;
	const ours = `${each}${bytes(own ?? 0)} to the peer`;

	return theirs === null ? ours : `${ours}, ${each}${bytes(theirs)} from the peer`;
}

function transferLine(received: number, sent: number): string {
	if (received + sent === 0) {
		return '';
	}

	return `${bytes(received)} received, ${bytes(sent)} sent`;
}

function packetLine(peer: PeerStatus): string {
	if (peer.rx_packets + peer.tx_packets === 0) {
		return '';
	}
	const events = `${peer.events_received} events heard, ${peer.events_sent} sent`;

	return `${peer.rx_packets} received, ${peer.tx_packets} sent, ${events}`;
}

/** Sockets that ask for it themselves wait, too. */
function pollLine({busy_poll_us: us, waits, waits_paid: paid}: PeerStatus): string {
	const time = us === 0 ? '' : `${us} us`;
	const gained = waits === 0 ? '' : `${waits} waits, ${paid} ended by a packet`;

	return [time, gained].filter(each => each !== '').join(', ');
}

function dropLine(peer: PeerStatus): string {
	return (['backlog', 'source', 'header', 'memory', 'device'] as const)
		.map(why => [peer[`dropped_${why}`], why] as const)
		.filter(([count]) => count > 0)
		.map(([count, why]) => `${count} (${why})`)
		.join(', ');
}

/** Most frequent first. */
function ordinaryLine({ordinary}: PeerStatus): string {
	return Object.entries(ordinary)
		.filter(([, count]) => count > 0)
		.sort(([, a], [, b]) => b - a)
		.map(([reason, count]) => `${count} (${reason})`)
		.join(', ');
}

function flow(count: number, packets: number): string {
	return packets === 0 ? '' : `${bytes(count)} in ${packets} packets`;
}
