// SPDX-License-Identifier: MIT
import type {PeerStatus} from '../../control/protocol.ts';
import type {
	Channel,
	ChannelCounters,
	Link,
	LinkState,
	Peer,
	PeerSelectors,
} from '../../kernel/kernel.ts';
import {unixOf, type Clock} from '../clock.ts';
import {isRefusal, renderDeclined} from '../../xenstore/declined.ts';
import {blockedLink} from '../endpoint/declines.ts';
import {auditedPackets} from '../endpoint/stats.ts';
import type {EndpointView} from '../endpoint/endpoint.ts';
import {selectorText} from '../../policy/selector-text.ts';
import type {Device} from '../endpoint/bind.ts';
import type {DesiredPeer} from '../endpoint/desired.ts';
import {declinedText, ownOrdinaryText} from '../ordinary.ts';
import {reasonText} from '../reasons.ts';

/** Our peers for people and programs, by domid. */
export function peerStatuses(
	view: EndpointView,
	devices: readonly Device[],
	clock: Clock,
): PeerStatus[] {
	const kernel = new Map(view.peers.map(peer => [peer.domid, peer]));

	return view.desiredPeers
		.map(desired =>
			peerStatus(desired, kernel.get(desired.config.domid), {view, devices, clock}),
		)
		.sort((a, b) => a.domid - b.domid);
}

type Context = {view: EndpointView; devices: readonly Device[]; clock: Clock};

function peerStatus(desired: DesiredPeer, peer: Peer | undefined, context: Context): PeerStatus {
	const {config} = desired;
	const {domid, epoch} = config;
	const known = peer?.epoch === epoch ? peer : undefined;
	const channel = known?.channel;
	const declinedBy = context.view.known?.declinedBy.get(domid);

	return {
		peer: desired.name,
		domid,
		...conditionOf(desired, known, context),
		since: channel && channel.state !== 'closed' ? unixOf(channel.since, context.clock) : null,
		epoch,
		wanted: peer?.wanted ?? false,
		rule: desired.rule ?? null,
		last_failure: context.view.lastFailure(domid) ?? null,
		peer_declines: declinedBy ? renderDeclined(declinedBy) : null,
		links: (known?.links ?? config.links).map(link => linkStatus(link, context)),
		ring_bytes: ringBytes(channel?.order),
		peer_ring_bytes: ringBytes(channel?.remoteOrder),
		queues: channel?.queues ?? null,
		queued_bytes: channel?.queuedBytes ?? 0,
		...(desired.isAudit && {audited_packets: Number(auditedPackets(peer))}),
		...(config.selectors && {selectors: selectorTexts(config.selectors)}),
		busy_poll_us: peer?.busyPollUs ?? 0,
		ordinary: Object.fromEntries(
			[...(known?.ordinary ?? [])].map(([reason, packets]) => [reason, Number(packets)]),
		),
		...counters(channel),
	};
}

const selectorWords = {only: 'only', 'and-only': 'and only', except: 'except'} as const;

function selectorTexts({list: selectors}: PeerSelectors): string[] {
	return selectors.map(({list, selector}) => `${selectorWords[list]}: ${selectorText(selector)}`);
}

function linkStatus(link: Link | LinkState, context: Context): PeerStatus['links'][number] {
	return {
		interface: nameOf(link.ifindex, context),
		local_mac: link.localMac,
		remote_mac: link.remoteMac,
		mtu: link.mtu || null,
		blocked: ('blocked' in link ? link.blocked : undefined) ?? null,
	};
}

function nameOf(ifindex: number | undefined, {devices}: Context): string {
	return devices.find(device => device.ifindex === ifindex)?.name ?? `interface ${ifindex}`;
}

type Condition = Pick<PeerStatus, 'state' | 'code' | 'reason'>;

/** The state, and what keeps packets on the ordinary path, if anything does. */
function conditionOf(desired: DesiredPeer, peer: Peer | undefined, context: Context): Condition {
	const {refusal} = desired;
	if (refusal) {
		const state = refusal.code === 'held' ? 'held' : 'refused';

		return {state, code: refusal.code, reason: refusal.reason};
	}
	if (desired.isAudit) {
		return {state: 'ready', code: 'audit', reason: auditText(peer)};
	}
	const channel = peer?.channel;
	if (peer && channel && channel.state !== 'closed') {
		return upCondition(peer, channel, context);
	}

	return keptOff(desired, peer, context) ?? downCondition(desired, peer, context);
}

function auditText(peer: Peer | undefined): string {
	return `mode: audit: nothing is diverted; ${auditedPackets(peer)} packets would have been`;
}

function upCondition(peer: Peer, channel: Channel, context: Context): Condition {
	const {state, reason} = channel;
	if (state === 'live') {
		return {state, ...(detourOf(peer, context) ?? none)};
	}
	const failure = context.view.lastFailure(peer.domid);
	const text = reasonText(reason === 'none' ? null : reason);

	return {state, ...text, reason: failure ?? text.reason};
}

/** No channel is tried for. */
function keptOff(
	{config}: DesiredPeer,
	peer: Peer | undefined,
	context: Context,
): Condition | undefined {
	const {ifindex, blocked} = (peer && blockedLink(peer)) ?? {};
	if (blocked !== undefined) {
		const reason = ownOrdinaryText(blocked, nameOf(ifindex, context));

		return {state: 'refused', code: 'device', reason};
	}
	const declined = context.view.known?.declinedBy.get(config.domid);
	if (!isRefusal(declined)) {
		return undefined;
	}
	const reason = declinedText(config.name, 'us', declined);

	return {state: 'refused', code: 'declined', reason};
}

function downCondition({config, isWaiting}: DesiredPeer, peer: Peer | undefined, context: Context) {
	const {view} = context;
	const {domid} = config;
	const ended = peer?.channel?.reason;
	const code = ended === undefined || ended === 'none' ? null : ended;
	if (isWaiting) {
		const reason = `${view.lastFailure(domid) ?? 'failed'}; will try again`;

		return {
			state: 'closed',
			code: view.reasons.isShort(domid) ? 'memory' : code,
			reason,
		} as const;
	}
	if (view.known?.own.get(domid)?.state === 'closed') {
		return {state: 'closed', ...reasonText(code)} as const;
	}

	return {
		state: 'ready',
		...((peer && detourOf(peer, context)) ?? {code, reason: null}),
	} as const;
}

const none = {code: null, reason: null};

/** `live` alone would say that packets take the channel. */
function detourOf(peer: Peer, context: Context): Omit<Condition, 'state'> | undefined {
	const detour = context.view.reasons.detour(peer.domid);
	if (detour === undefined) {
		return undefined;
	}
	const device = nameOf(peer.links[0]?.ifindex, context);
	const took = `${detour.packets} packets took ${device}`;

	return {code: detour.reason, reason: `${took}: ${ownOrdinaryText(detour.reason, device)}`};
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
		dropped_device: of('droppedDevice'),
		waits: of('waits'),
		waits_paid: of('waitsPaid'),
	};
}
