// SPDX-License-Identifier: MIT
import type {PeerStatus, State, Status} from '../control/protocol.ts';
import type {MetricName} from './definitions.ts';
import type {Sample} from './metrics.ts';
import {peerLabels} from './peer-labels.ts';
import type {PeerTotal, PeerTotals} from './peer-totals.ts';
import type {Reading} from './reading.ts';

/** Each metric whose samples are made when they are asked for. */
type Samples = ReadonlyMap<MetricName, () => Iterable<Sample>>;

const states: readonly State[] = [
	...(['ready', 'offered', 'mapped', 'live', 'draining'] as const),
	...(['broken', 'stalled', 'closed', 'held', 'refused'] as const),
];

/** `unix`: seconds since 1970 now. */
export function samplesOf(reading: Reading, totals: PeerTotals, unix: number): Samples {
	const {status} = reading;

	return new Map<MetricName, () => Iterable<Sample>>([
		...daemonSamples(reading),
		...moduleSamples(status.module),
		...peerSamples(status.peers, totals),
		...processSamples(unix),
	]);
}

type Entries = ReadonlyArray<readonly [MetricName, () => Iterable<Sample>]>;

function daemonSamples({status, roles, host}: Reading): Entries {
	const {version, module_loaded, host: hostState} = status;
	const has = (value: unknown, sample: Sample): Sample[] =>
		value === undefined || value === null ? [] : [sample];

	return [
		['coloop_build_info', () => [[1, {version, node: process.version}]]],
		['coloop_module_loaded', () => has(module_loaded, [Number(module_loaded)])],
		['coloop_role_up', () => [...roles].map(([role, runs]) => [Number(runs), {role}])],
		['coloop_host_silent', () => has(hostState, [Number(hostState === 'silent')])],
		['coloop_domains', () => has(host, [host?.domains ?? 0])],
		['coloop_pairs', () => (host ? byState(host.pairs) : [])],
		...fleetSamples(status.fleet),
	];
}

function fleetSamples(fleet: Status['fleet']): Entries {
	const known = (value: number | null | undefined): Sample[] =>
		value === null || value === undefined ? [] : [[value]];

	return [
		['coloop_fleet_connected', () => known(fleet && Number(fleet.endpoint !== null))],
		['coloop_fleet_in_force', () => known(fleet && Number(fleet.in_force))],
		['coloop_fleet_revision', () => known(fleet?.revision)],
		[
			'coloop_fleet_info',
			() =>
				fleet === undefined || fleet.token === null
					? []
					: [[1, {source: fleet.source, token: fleet.token}]],
		],
		['coloop_fleet_confirmed_timestamp_seconds', () => known(fleet?.confirmed)],
	];
}

function moduleSamples(module: Status['module']): Entries {
	const value = (of: (known: NonNullable<typeof module>) => number | null) => (): Sample[] => {
		const number = module && of(module);

		return number === null ? [] : [[number]];
	};

	return [
		['coloop_module_info', () => (module ? [[1, {version: module.version}]] : [])],
		['coloop_grants_in_use', value(({grants}) => grants)],
		['coloop_grants_limit', value(({grant_limit}) => grant_limit)],
		['coloop_grants_deferred', value(({deferred}) => deferred)],
		['coloop_mapped_pages', value(({maps}) => maps)],
		['coloop_event_channels', value(({ports}) => ports)],
	];
}

function peerSamples(peers: readonly PeerStatus[], totals: PeerTotals): Entries {
	const labels = peerLabels(peers);
	const labelled = peers.map(status => {
		const peer = labels.get(status.domid) ?? '';

		return {status, peer, total: totals.of(status.domid)};
	});
	type Labelled = (typeof labelled)[number];
	const each = (make: (one: Labelled) => Sample[]) => () => labelled.flatMap(make);
	const total = (of: (total: PeerTotal) => number) =>
		each(({peer, total}) => (total ? [[of(total), {peer}]] : []));
	const known = (value: number | null, peer: string, more = {}): Sample[] =>
		value === null ? [] : [[value, {peer, ...more}]];

	return [
		['coloop_peers', () => byState(count(peers))],
		['coloop_peer_info', each(({peer, status: {domid}}) => [[1, {peer, domid: `${domid}`}]])],
		[
			'coloop_peer_state',
			each(({peer, status: {state, code}}) => [[1, {peer, state, code: code ?? ''}]]),
		],
		[
			'coloop_peer_state_since_timestamp_seconds',
			each(({peer, status}) => known(status.since, peer)),
		],
		['coloop_peer_transmit_packets_total', total(({txPackets}) => txPackets)],
		['coloop_peer_transmit_bytes_total', total(({txBytes}) => txBytes)],
		['coloop_peer_receive_packets_total', total(({rxPackets}) => rxPackets)],
		['coloop_peer_receive_bytes_total', total(({rxBytes}) => rxBytes)],
		['coloop_peer_returned_packets_total', total(({returned}) => returned)],
		['coloop_peer_backlogged_packets_total', total(({backlogged}) => backlogged)],
		['coloop_peer_events_sent_total', total(({eventsSent}) => eventsSent)],
		['coloop_peer_events_suppressed_total', total(({eventsSuppressed}) => eventsSuppressed)],
		['coloop_peer_events_received_total', total(({eventsReceived}) => eventsReceived)],
		['coloop_peer_fallback_packets_total', each(fallbacks)],
		['coloop_peer_dropped_packets_total', each(drops)],
		['coloop_peer_queued_bytes', each(({peer, status}) => [[status.queued_bytes, {peer}]])],
		[
			'coloop_peer_ring_bytes',
			each(({peer, status}) => [
				...known(status.ring_bytes, peer, {direction: 'transmit'}),
				...known(status.peer_ring_bytes, peer, {direction: 'receive'}),
			]),
		],
		['coloop_peer_queues', each(({peer, status}) => known(status.queues, peer))],
	];
}

type Counted = {readonly peer: string; readonly total: PeerTotal | undefined};

function fallbacks({peer, total}: Counted): Sample[] {
	return [...(total?.ordinary ?? [])].map(([reason, packets]) => [packets, {peer, reason}]);
}

function drops({peer, total}: Counted): Sample[] {
	if (total === undefined) {
		return [];
	}

	return [
		[total.droppedBacklog, {peer, reason: 'backlog'}],
		[total.droppedSource, {peer, reason: 'source'}],
		[total.droppedHeader, {peer, reason: 'header'}],
		[total.droppedMemory, {peer, reason: 'memory'}],
		[total.droppedDevice, {peer, reason: 'device'}],
	];
}

function processSamples(unix: number): Entries {
	return [
		[
			'coloop_process_cpu_seconds_total',
			() => {
				const {user, system} = process.cpuUsage();

				return [[(user + system) / 1e6]];
			},
		],
		['coloop_process_resident_memory_bytes', () => [[process.memoryUsage.rss()]]],
		['coloop_process_start_time_seconds', () => [[unix - Math.floor(process.uptime())]]],
	];
}

function count(peers: readonly PeerStatus[]): Map<string, number> {
	const counts = new Map<string, number>();
	for (const {state} of peers) {
		counts.set(state, (counts.get(state) ?? 0) + 1);
	}

	return counts;
}

/** States that nobody is in are shown, too: an alert may wait for one. */
function byState(counts: ReadonlyMap<string, number>): Sample[] {
	return [...new Set([...states, ...counts.keys()])].map(state => [
		counts.get(state) ?? 0,
		{state},
	]);
}
