// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import {bridge, dom0, guests, otherBridge, vifs} from './places.ts';
import type {Random} from './random.ts';

/** What the bridge itself is told: its ports' flags, its table, its options. */
export function bridgeSettings(random: Random): Command[] {
	return random.several(1, 3, () => random.weighted(makers)(random)).flat();
}

const makers: ReadonlyArray<readonly [number, (random: Random) => Command[]]> = [
	[10, portFlag],
	[6, tableEntry],
	[3, securePort],
	[3, bridgeOption],
	[1, flush],
	[1, elsewhere],
];

/** Each with what it is where nobody has said anything. */
const flags = [
	['isolated', 'on', 'off'],
	['learning', 'off', 'on'],
	['flood', 'off', 'on'],
	['locked', 'on', 'off'],
	['neigh_suppress', 'on', 'off'],
	['hairpin', 'on', 'off'],
	['guard', 'on', 'off'],
	['root_block', 'on', 'off'],
	['fastleave', 'on', 'off'],
	['mcast_flood', 'off', 'on'],
	['bcast_flood', 'off', 'on'],
	['mcast_to_unicast', 'on', 'off'],
	['vlan_tunnel', 'on', 'off'],
	['cost', '7', '2'],
	['priority', '7', '32'],
	['state', '0', '3'],
	['state', '1', '3'],
	['state', '2', '3'],
	['state', '4', '3'],
] as const;

function portFlag(random: Random): Command[] {
	const [flag, value, usual] = random.pick(flags);
	const port = random.pick(vifs);

	return [setFlag(port, flag, value, usual)];
}

function setFlag(port: string, flag: string, value: string, usual: string): Command {
	return {
		tool: 'bridge',
		text: `link set dev ${port} ${flag} ${value}`,
		undo: `link set dev ${port} ${flag} ${usual}`,
	};
}

/** As port security is set up: entries by hand, and nothing else learned or guessed. */
function securePort(random: Random): Command[] {
	const {port} = random.pick(guests);

	return [
		setFlag(port.name, 'learning', 'off', 'on'),
		setFlag(port.name, 'flood', 'off', 'on'),
		...(random.chance(0.5) ? [entry(port.mac, port.name, random.pick(kinds))] : []),
		...(random.chance(0.5) ? [forget(port.name)] : []),
		...(random.chance(0.2) ? [setFlag(port.name, 'locked', 'on', 'off')] : []),
	];
}

/** `permanent` and `local`: for dom0 itself. */
const kinds = [
	'static',
	'static sticky',
	'permanent',
	'dynamic',
	'dynamic sticky',
	'local',
] as const;

function tableEntry(random: Random): Command[] {
	const macs = [...guests, dom0].map(({port}) => port.mac);

	return [entry(random.pick(macs), random.pick([...vifs, bridge]), random.pick(kinds))];
}

function entry(mac: string, port: string, kind: string): Command {
	const where = port === bridge ? 'self' : 'master';
	const isDom0s = mac === dom0.port.mac;

	return {
		tool: 'bridge',
		text: `fdb replace ${mac} dev ${port} ${where} ${kind}`,
		undo: isDom0s
			? `fdb replace ${mac} dev ${bridge} self permanent`
			: `fdb del ${mac} dev ${port} ${where}`,
	};
}

function forget(port: string): Command {
	return {tool: 'bridge', text: `fdb flush dev ${port} master dynamic`};
}

function flush(random: Random): Command[] {
	return [forget(random.pick(vifs))];
}

/** Names, values, and what they are where nobody has said anything. */
const options = [
	['ageing_time', '0', '30000'],
	['nf_call_iptables', '1', '0'],
	['nf_call_ip6tables', '1', '0'],
	['nf_call_arptables', '1', '0'],
	['mcast_snooping', '0', '1'],
	['mcast_querier', '1', '0'],
	['group_fwd_mask', '8', '0'],
	['no_linklocal_learn', '1', '0'],
	['fdb_max_learned', '1', '0'],
	['vlan_filtering', '1', '0'],
	['stp_state', '1', '0'],
] as const;

function bridgeOption(random: Random): Command[] {
	const [option, value, usual] = random.pick(options);
	const set = (to: string) => `link set dev ${bridge} type bridge ${option} ${to}`;

	return [{tool: 'ip', text: set(value), undo: set(usual)}];
}

/** A port that is down, on another bridge or on none. */
function elsewhere(random: Random): Command[] {
	const port = random.pick(vifs);
	const back = `link set dev ${port} master ${bridge}`;

	return [
		random.pick([
			{tool: 'ip', text: `link set dev ${port} down`, undo: `link set dev ${port} up`},
			{tool: 'ip', text: `link set dev ${port} master ${otherBridge}`, undo: back},
			{tool: 'ip', text: `link set dev ${port} nomaster`, undo: back},
		] as const),
	];
}

const switches = ['iptables', 'ip6tables', 'arptables'];

/** Whether IP's rules see what is bridged: a new namespace says yes. */
export function bridgeCalls(random: Random): Command[] {
	return switches
		.filter(() => random.chance(0.6))
		.map(name => `net.bridge.bridge-nf-call-${name}`)
		.map(name => ({tool: 'sysctl', text: `${name}=0`, undo: `${name}=1`}));
}
