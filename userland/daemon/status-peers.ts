// SPDX-License-Identifier: MIT
import type {PeerStatus} from '../control/protocol.ts';
import type {Channel, ChannelCounters, Peer} from '../kernel/kernel.ts';
import {unixOf, type Clock} from './clock.ts';
import type {EndpointView} from './endpoint/endpoint.ts';
import type {Device, Wish} from './endpoint/wish.ts';

/** Our peers for people and programs, by domid. */
export function peerStatuses(
	view: EndpointView,
	devices: readonly Device[],
	clock: Clock,
): PeerStatus[] {
	const kernel = new Map(view.peers.map(peer => [peer.domid, peer]));
	return view.wishes
		.map(wish => peerStatus(wish, kernel.get(wish.config.domid), {view, devices, clock}))
		.sort((a, b) => a.domid - b.domid);
}

type Context = {view: EndpointView; devices: readonly Device[]; clock: Clock};

function peerStatus(wish: Wish, peer: Peer | undefined, context: Context): PeerStatus {
	const {config, refusal} = wish;
	const channel = peer?.epoch === config.epoch ? peer.channel : undefined;
	const name = (ifindex: number) =>
		context.devices.find(device => device.ifindex === ifindex)?.name ?? String(ifindex);
	return {
		peer: config.name,
		domid: config.domid,
		...stateOf(wish, channel, context),
		code: refusal?.code ?? (channel && channel.reason !== 'none' ? channel.reason : null),
		since: channel && channel.state !== 'closed' ? unixOf(channel.since, context.clock) : null,
		epoch: config.epoch,
		wanted: peer?.wanted ?? false,
		rule: wish.rule ?? null,
		last_failure: context.view.lastFailure(config.domid) ?? null,
		links: config.links.map(({ifindex, localMac, remoteMac}) => ({
			interface: name(ifindex),
			local_mac: localMac,
			remote_mac: remoteMac,
		})),
		ring_bytes: ringBytes(channel?.order),
		peer_ring_bytes: ringBytes(channel?.remoteOrder),
		queues: channel?.queues ?? null,
		queued_bytes: channel?.queuedBytes ?? 0,
		busy_poll_us: peer?.busyPollUs ?? 0,
		...counters(channel),
	};
}

function stateOf(
	{refusal, config, isWaiting}: Wish,
	channel: Channel | undefined,
	{view}: Context,
): Pick<PeerStatus, 'state' | 'reason'> {
	if (refusal)
		return {state: refusal.code === 'held' ? 'held' : 'refused', reason: refusal.reason};
	const failure = view.lastFailure(config.domid);
	const isEnded = view.known?.own.get(config.domid)?.state === 'closed';
	if (channel && channel.state !== 'closed') {
		return {state: channel.state, reason: channel.state === 'live' ? null : (failure ?? null)};
	}
	if (isWaiting) return {state: 'closed', reason: `${failure ?? 'failed'}; will try again`};
	return isEnded
		? {state: 'closed', reason: channel?.reason ?? null}
		: {state: 'ready', reason: null};
}

function ringBytes(order: number | undefined): number | null {
	return order === undefined ? null : 4096 << order;
}

function counters(channel: ChannelCounters | undefined) {
	const of = (key: keyof ChannelCounters) => Number(channel?.[key] ?? 0n);
	return {
		tx_packets: of('txPackets'),
		tx_bytes: of('txBytes'),
		rx_packets: of('rxPackets'),
		rx_bytes: of('rxBytes'),
		events_sent: of('eventsSent'),
		events_received: of('eventsReceived'),
		backlogged: of('backlogged'),
		returned: of('returned'),
		dropped_backlog: of('droppedBacklog'),
		dropped_source: of('droppedSource'),
		dropped_header: of('droppedHeader'),
		dropped_memory: of('droppedMemory'),
	};
}
