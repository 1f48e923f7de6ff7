// SPDX-License-Identifier: MIT
import type {PairStatus, PeerStatus, Status} from '../../../userland/control/protocol.ts';

export function peerStatus(change: Partial<PeerStatus> = {}): PeerStatus {
	return {
		peer: 'b',
		domid: 2,
		state: 'ready',
		code: null,
		reason: null,
		since: null,
		epoch: 7,
		wanted: false,
		rule: '90-default.yaml:7:5',
		last_failure: null,
		peer_declines: null,
		links: [
			{
				...{interface: 'eth0', mtu: null, blocked: null},
				...{local_mac: '00:16:3e:00:00:01', remote_mac: '00:16:3e:00:00:02'},
			},
		],
		ring_bytes: null,
		peer_ring_bytes: null,
		queues: null,
		queued_bytes: 0,
		busy_poll_us: 0,
		ordinary: {},
		tx_packets: 0,
		tx_bytes: 0,
		rx_packets: 0,
		rx_bytes: 0,
		events_sent: 0,
		events_received: 0,
		backlogged: 0,
		returned: 0,
		dropped_backlog: 0,
		dropped_source: 0,
		dropped_header: 0,
		dropped_memory: 0,
		dropped_device: 0,
		waits: 0,
		waits_paid: 0,
		...change,
	};
}

export function pairStatus(change: Partial<PairStatus> = {}): PairStatus {
	return {
		a: {name: 'a', domid: 1},
		b: {name: 'b', domid: 2},
		state: 'ready',
		code: null,
		reason: null,
		since: null,
		epoch: 7,
		rule: '10-all.yaml:3:5',
		a_declines: null,
		b_declines: null,
		links: [],
		a_to_b_packets: 0,
		a_to_b_bytes: 0,
		b_to_a_packets: 0,
		b_to_a_bytes: 0,
		...change,
	};
}

export function statusOf(change: Partial<Status> = {}): Status {
	return {
		version: '0.1.0',
		roles: ['endpoint'],
		domid: 1,
		module_loaded: true,
		module: {
			version: '0.1.0',
			interface: 'coloop0',
			peers: 1,
			channels: 0,
			grants: 0,
			grant_limit: 16_384,
			maps: 0,
			ports: 0,
			deferred: 0,
		},
		policy_directory: '/etc/coloop/policy.d',
		policy_errors: [],
		problems: [],
		peers: [peerStatus()],
		pairs: null,
		...change,
	};
}
