// SPDX-License-Identifier: MIT
import type {GuestType} from '../../lab/guest-config.ts';
import type {Row} from '../row.ts';
import * as setups from '../setups.ts';
import type {Setup} from '../setups.ts';
import * as bridged from './bridged.ts';
import {cost} from './cost.ts';
import {frags} from './frags.ts';
import {latency} from './latency.ts';
import {meshes} from './mesh.ts';
import {programs, redis} from './programs.ts';
import {rings} from './rings.ts';
import {flows, streams, udp} from './stream.ts';
import {vchans} from './vchan.ts';
import {waiting} from './waiting.ts';
import {workOf, type Work} from '../work.ts';
import {datagrams, ping, pingPong, sockperfTcp, stream} from './tools.ts';

/** Rows with one pair of machines; the server is always in b. */
export type Group = {
	readonly name: string;
	readonly title: string;
	readonly client: 'a' | 'dom0';
	/** Where the server is for the client, and for b itself. */
	readonly server: string;
	readonly self: string;
	readonly works: readonly Work[];
	/** What a and b are set up like, if not with addresses on eth0. */
	readonly setup?: Setup;
	/** Whether it asks more than the servers of the demo. */
	readonly programs?: true;
	/** What a and b are, if not PV. */
	readonly type?: GuestType;
};

const guests = {client: 'a', server: '10.0.0.2', self: '127.0.0.1'} as const;

const mbit = {unit: 'Mbit/s', better: 'more'} as const;

// sockperf and NPtcp speak IPv4 alone.
const ipv6: readonly Row[] = [
	{name: 'ping_ipv6', unit: 'ms', better: 'less', ...ping},
	{...redis('get', '-t get -c 1', 3000), name: 'redis_get_ipv6'},
	{name: 'tcp_stream_ipv6', ...mbit, ...stream('')},
];

const dom0: readonly Row[] = [
	{name: 'tcp_rr_dom0', unit: 'trans/s', better: 'more', ...pingPong(sockperfTcp)},
	{name: 'tcp_stream_dom0', ...mbit, ...stream('')},
	{name: 'tcp_stream_dom0_reverse', ...mbit, ...stream('--reverse')},
];

const pvh: readonly Row[] = [
	{name: 'ping_pvh', unit: 'ms', better: 'less', ...ping},
	{name: 'tcp_rr_pvh', unit: 'trans/s', better: 'more', ...pingPong(sockperfTcp)},
	{name: 'tcp_64K_pvh', ...mbit, ...stream('--length 64K')},
	{name: 'udp_1400_pvh', ...mbit, ...datagrams(1400)},
];

export const groups: readonly Group[] = [
	{name: 'latency', title: 'Request and response', ...guests, works: latency.map(workOf)},
	{
		...{name: 'waiting', title: 'Readers that wait in Xen', ...guests},
		...{setup: setups.waiting, works: waiting},
	},
	{name: 'stream', title: 'TCP streams by write size', ...guests, works: streams.map(workOf)},
	{
		...{name: 'frags', title: 'TCP streams from granted page frags', ...guests},
		...{setup: setups.fragPages, works: frags},
	},
	{name: 'udp', title: 'UDP datagrams by size', ...guests, works: udp.map(workOf)},
	{name: 'flows', title: 'TCP connections at once', ...guests, works: flows.map(workOf)},
	{name: 'rings', title: 'Sizes of rings', ...guests, works: rings},
	{name: 'vchan', title: 'Raw shared memory: libvchan', ...guests, works: vchans},
	{
		...{name: 'programs', title: 'Programs', ...guests, programs: true},
		works: programs.map(workOf),
	},
	{
		...{name: 'ipv6', title: 'IPv6', client: 'a', server: 'fd00::2', self: '::1'},
		works: ipv6.map(workOf),
	},
	{
		...{name: 'dom0', title: 'dom0 with a guest', ...guests, client: 'dom0'},
		works: dom0.map(workOf),
	},
	{
		...{name: 'br0', title: 'eth0 of a under a bridge', ...guests},
		...{setup: setups.bridged, works: bridged.onBr0},
	},
	{
		...{name: 'br0_both', title: 'eth0 of a and of b under a bridge', ...guests},
		...{setup: setups.bothBridged, works: bridged.onBr0Both},
	},
	{
		...{
			name: 'veth',
			title: 'A container on the bridge of a, with a MAC of its own',
			...guests,
		},
		...{setup: setups.container, works: bridged.inContainer},
	},
	{
		...{name: 'nat', title: 'A container behind NAT in a', ...guests},
		...{setup: setups.containerBehindNat, works: bridged.inContainerBehindNat},
	},
	{name: 'cost', title: 'What it costs', ...guests, works: cost},
	// Its guests stay.
	{name: 'mesh', title: 'Guests at once', ...guests, works: meshes},
	{name: 'pvh', title: 'PVH guests', ...guests, type: 'pvh', works: pvh.map(workOf)},
];

/** The groups and rows that a list of names asks for; all of them if it is empty. */
export function pick(from: readonly Group[], list: string): readonly Group[] {
	const names = new Set(namesIn(list));
	if (names.size === 0) {
		return from;
	}
	const known = from.flatMap(({name, works}) => [name, ...works.flatMap(rowNames)]);
	const unknown = [...names].filter(name => !known.includes(name));
	if (unknown.length > 0) {
		throw new Error(
			`no row or group ${unknown.join(', ')}: expected some of ${known.join(' ')}`,
		);
	}

	return from
		.map(group => ({
			...group,
			works: group.works.filter(
				work => names.has(group.name) || rowNames(work).some(name => names.has(name)),
			),
		}))
		.filter(({works}) => works.length > 0);
}

/** The names that a variable such as BENCH lists. */
export function namesIn(list: string): string[] {
	return list.split(/[\s,]+/).filter(name => name !== '');
}

function rowNames({headings}: Work): string[] {
	return headings.map(({name}) => name);
}
