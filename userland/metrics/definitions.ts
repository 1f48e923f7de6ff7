// SPDX-License-Identifier: MIT

/** One metric; `labels`: names of its labels, `buckets`: upper bounds of a histogram. */
type Definition = {
	readonly type: 'counter' | 'gauge' | 'histogram';
	readonly help: string;
	readonly labels?: readonly string[];
	readonly buckets?: readonly number[];
};

const peer = ['peer'] as const;

/**
 * Every metric there is, by name. `peer` is the domain's name; where two peers have one name, the domid
 * stands behind it. Pairs of the host have no series of their own: a thousand guests make half a million.
 */
export const definitions = {
	coloop_build_info: gauge('Version of coloopd and of Node; the value is 1.', [
		'version',
		'node',
	]),
	coloop_module_info: gauge('Version of the kernel module, while it is loaded; the value is 1.', [
		'version',
	]),
	coloop_module_loaded: gauge('Whether the kernel module is loaded: 1 or 0.'),
	coloop_role_up: gauge(
		'Whether a role of this daemon runs: 1, or 0 while it waits to try again.',
		['role'],
	),
	coloop_host_silent: gauge(
		"Whether dom0's host role has been silent for longer than policy lets channels live on: 1 or 0.",
	),

	coloop_peers: gauge('Peers that dom0 announced to this domain, by state.', ['state']),
	coloop_peer_info: gauge('Domain number of a peer; the value is 1.', ['peer', 'domid']),
	coloop_peer_state: gauge(
		'The state that a peer is in and the code that explains it; the value is 1.',
		['peer', 'state', 'code'],
	),
	coloop_peer_state_since_timestamp_seconds: gauge(
		'When the channel to a peer entered its state, in seconds since 1970.',
		peer,
	),
	coloop_peer_transmit_packets_total: counter('Packets sent over channels to a peer.', peer),
	coloop_peer_transmit_bytes_total: counter(
		'Bytes sent over channels to a peer, Ethernet headers included.',
		peer,
	),
	coloop_peer_receive_packets_total: counter('Packets received over channels from a peer.', peer),
	coloop_peer_receive_bytes_total: counter(
		'Bytes received over channels from a peer, Ethernet headers included.',
		peer,
	),
	coloop_peer_fallback_packets_total: counter(
		'Packets to a peer that took the ordinary path, by reason; a reason appears with its first packet.',
		['peer', 'reason'],
	),
	coloop_peer_returned_packets_total: counter(
		'Packets that a channel gave back to the ordinary path when it ended.',
		peer,
	),
	coloop_peer_backlogged_packets_total: counter('Packets that waited for room in a ring.', peer),
	coloop_peer_dropped_packets_total: counter('Packets lost on channels, by reason.', [
		'peer',
		'reason',
	]),
	coloop_peer_events_sent_total: counter('Notifications sent to a peer with packets.', peer),
	coloop_peer_events_suppressed_total: counter(
		'Packets sent to a peer that needed no notification, as it was awake.',
		peer,
	),
	coloop_peer_events_received_total: counter('Notifications received from a peer.', peer),
	coloop_peer_queued_bytes: gauge('Bytes that wait in our rings and backlogs for a peer.', peer),
	coloop_peer_ring_bytes: gauge('Size of each ring of a channel, by direction.', [
		'peer',
		'direction',
	]),
	coloop_peer_queues: gauge(
		'Queues of the channel to a peer, each with its own two rings.',
		peer,
	),

	coloop_channels_opened_total: counter('Channels that went live.'),
	coloop_channels_ended_total: counter(
		'Channels that ended or did not come up, by their last state and why.',
		['state', 'reason'],
	),
	coloop_protocol_errors_total: counter(
		'Channels that were broken because the peer violated the protocol, by kind.',
		['kind'],
	),
	coloop_channel_setup_seconds: {
		type: 'histogram',
		help: 'Time from the first packet to a peer without a channel until the channel was live.',
		buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
	},

	coloop_grants_in_use: gauge('Grant references that the module holds towards peers.'),
	coloop_grants_limit: gauge('Grant references that the module may hold.'),
	coloop_grants_deferred: gauge('Pages that a peer still maps after their grant was ended.'),
	coloop_mapped_pages: gauge('Pages of peers that the module holds mapped.'),
	coloop_event_channels: gauge('Event channels that the module holds.'),

	coloop_domains: gauge('Domains of the host; in dom0.'),
	coloop_pairs: gauge(
		'Pairs of domains of the host, by state; those held are among the refused; in dom0.',
		['state'],
	),

	coloop_policy_loads_total: counter('Policies read, by result.', ['result']),
	coloop_policy_last_load_successful: gauge('Whether the last policy read had no error: 1 or 0.'),
	coloop_policy_last_load_timestamp_seconds: gauge(
		'When the policy was last read, in seconds since 1970.',
	),
	coloop_policy_rules: gauge('Rules of the policy in force, by kind.', ['kind']),
	coloop_policy_warnings: gauge('Warnings about the policy in force.'),
	coloop_policy_decisions_total: counter(
		'Times that a role asked the policy, by what it answered.',
		['role', 'action'],
	),

	coloop_fleet_connected: gauge('Whether a member of the etcd that has policy is heard: 1 or 0.'),
	coloop_fleet_in_force: gauge('Whether what was read of etcd last is in force: 1 or 0.'),
	coloop_fleet_revision: gauge(
		'Last revision of etcd at which a document that was read was written.',
	),
	coloop_fleet_info: gauge(
		'Token of the documents that were read: the same on all hosts that have the same; the value is 1.',
		['source', 'token'],
	),
	coloop_fleet_confirmed_timestamp_seconds: gauge(
		'When etcd last had just these documents, in seconds since 1970.',
	),

	coloop_xenstore_requests_total: counter('Requests to XenStore, by operation.', ['operation']),
	coloop_xenstore_errors_total: counter(
		'Requests that XenStore refused, by error, or that got no answer (lost).',
		['error'],
	),
	coloop_xenstore_request_seconds: {
		type: 'histogram',
		help: 'Time until XenStore answered a request.',
		buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
	},
	coloop_xenstore_watch_events_total: counter('Watch events heard from XenStore.'),
	coloop_netlink_overruns_total: counter(
		"Times that notifications of the module were lost because the daemon's socket was full.",
	),

	coloop_event_loop_lag_seconds: {
		type: 'histogram',
		help: "How much later than asked the daemon's timers fired.",
		buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
	},
	coloop_process_cpu_seconds_total: counter('CPU time that the daemon has used.'),
	coloop_process_resident_memory_bytes: gauge('Memory of the daemon that is resident.'),
	coloop_process_start_time_seconds: gauge('When the daemon started, in seconds since 1970.'),
} as const satisfies Readonly<Record<string, Definition>>;

export type MetricName = keyof typeof definitions;

function gauge(help: string, labels: readonly string[] = []): Definition {
	return {type: 'gauge', help, labels};
}

function counter(help: string, labels: readonly string[] = []): Definition {
	return {type: 'counter', help, labels};
}
