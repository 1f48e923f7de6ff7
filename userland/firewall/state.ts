// SPDX-License-Identifier: MIT
import {separatedByBridge, type BridgeState} from './bridge.ts';
import type {FiltersIp, Guard} from './guard.ts';
import type {ForeignHook} from './hooks.ts';
import type {Listing} from './listing.ts';
import type {Obstacle, Port, RuleRef} from './types.ts';

/** Everything in dom0 that could stand between two ports, read at one time. */
export type FirewallState = BridgeState & {
	readonly guard: Guard;
	readonly listing: Listing;
	/** The host-wide sysctls; a bridge may say yes for itself. */
	readonly filtersIp: FiltersIp;
	/** Tables of the old iptables, whose rules nftables does not show. */
	readonly legacyTables: Readonly<Record<'ip' | 'ip6', readonly string[]>>;
	/** Tables of the old ebtables. */
	readonly ebtables: readonly string[];
	/** What traffic control does on a device, in words. */
	readonly control: ReadonlyMap<string, string>;
	/** What BPF does on a device through tcx, in words. */
	readonly programs: ReadonlyMap<string, string>;
	/** What netfilter calls and nobody knows. */
	readonly hooks: readonly ForeignHook[];
	/** Devices that not all of this was looked for on yet. */
	readonly unread: ReadonlySet<string>;
};

/** Why these two ports may not have a channel; undefined if nothing in dom0 would be bypassed. */
export function refusalBetween(a: Port, b: Port, state: FirewallState): Obstacle | undefined {
	return (
		separatedByBridge(a, b, state) ??
		unreadObstacle(a, state) ??
		unreadObstacle(b, state) ??
		onDevice(a, state) ??
		onDevice(b, state) ??
		legacyObstacle(a, state) ??
		hookObstacle(a, b, state) ??
		ruleObstacle(a, b, state) ??
		redirectObstacle(a, b, state)
	);
}

/** The same of two ports of Open vSwitch, besides what that does itself: their devices alone have rules. */
export function refusalOnDevices(a: Port, b: Port, state: FirewallState): Obstacle | undefined {
	return (
		unreadObstacle(a, state) ??
		unreadObstacle(b, state) ??
		onDevice(a, state) ??
		onDevice(b, state) ??
		hookObstacle(a, b, state) ??
		ruleObstacle(a, b, state)
	);
}

function unreadObstacle({name}: Port, {unread}: FirewallState): Obstacle | undefined {
	return unread.has(name)
		? {kind: 'unknown', text: `what dom0's rules say of ${name} has not been read yet`}
		: undefined;
}

function onDevice({name}: Port, {devices, control, programs}: FirewallState): Obstacle | undefined {
	if (devices.get(name)?.hasXdp === true) {
		return {kind: 'xdp', text: `${name} has an XDP program, which would be bypassed`};
	}
	const text = control.get(name) ?? programs.get(name);

	return text === undefined
		? undefined
		: {kind: 'tc', text: `${name} has ${text}, which would be bypassed`};
}

function legacyObstacle(port: Port, state: FirewallState): Obstacle | undefined {
	const {ebtables, legacyTables} = state;

	if (ebtables.length > 0) {
		return {
			kind: 'legacy',
			text: `legacy ebtables is loaded (${ebtables.join(', ')}); its rules cannot be seen`,
		};
	}
	const filters = filtersIpOn(port, state);
	const tables = [
		...(filters.ip ? legacyTables.ip : []),
		...(filters.ip6 ? legacyTables.ip6.map(table => `IPv6 ${table}`) : []),
	];

	return tables.length === 0
		? undefined
		: {
				kind: 'legacy',
				text: `bridged packets pass legacy iptables (${tables.join(', ')}); its rules cannot be seen`,
			};
}

/**
 * Dom0's own packets pass its IP hooks on a channel as well; those of the bridge and of devices they do not. Frames of
 * Open vSwitch meet those of devices alone.
 */
function hookObstacle(a: Port, b: Port, state: FirewallState): Obstacle | undefined {
	const isOvs = a.isOvs === true;
	const filters = filtersIpOn(a, state);
	const isBetweenVifs = a.kind === 'vif' && b.kind === 'vif';
	const found = state.hooks.find(({family, device}) => {
		switch (family) {
			case 'netdev':
				return device === a.name || device === b.name;
			case 'bridge':
				return !isOvs;
			default:
				return !isOvs && isBetweenVifs && filters[family];
		}
	});

	if (found === undefined) {
		return undefined;
	}
	const where = `${found.family} ${found.place}${found.device === undefined ? '' : ` of ${found.device}`}`;

	return {
		kind: 'unknown',
		text: `netfilter calls ${found.text} at ${where}, which would be bypassed`,
	};
}

function ruleObstacle(a: Port, b: Port, state: FirewallState): Obstacle | undefined {
	const found = state.guard(a, b, filtersIpOn(a, state));

	if (!found) {
		return undefined;
	}
	const rule = {...found, text: state.listing.textOf(found) ?? found.text};
	const why = found.by ? ' (br_netfilter shows it bridged packets)' : '';
	const how =
		found.redirectedBy === undefined
			? ''
			: `; what a guest sends to dom0 meets it as br_netfilter lets dom0 send it on: ${describe(found.redirectedBy, state)}`;

	return {
		kind: 'rule',
		text: `a rule of dom0 would be bypassed${why}: ${describe(rule, state)}${how}${found.isForGroups ? groupsHint : ''}`,
		rule,
	};
}

const groupsHint =
	'; a guest can send what is for a group in a frame for one guest, as a channel carries it: a rule for frames, meta pkttype { broadcast, multicast }, would be no obstacle';

/** What the bridge would carry on reaches no other isolated port, what dom0 routes does: see redirection.ts. */
function redirectObstacle(a: Port, b: Port, state: FirewallState): Obstacle | undefined {
	const [guest, host] = a.kind === 'host' ? [b, a] : [a, b];
	const isIsolated = state.devices.get(guest.name)?.port?.isolated === true;
	const rule =
		host.kind === 'host' && isIsolated
			? state.guard.redirection(guest, host, filtersIpOn(host, state))
			: undefined;

	return (
		rule && {
			kind: 'isolated',
			text: `${guest.name} is an isolated port of ${host.bridge}, and br_netfilter lets a rule of dom0 send on what it sends to dom0, over a channel to other isolated ports as well: ${describe(rule, state)}`,
			rule,
		}
	);
}

function describe(rule: RuleRef, {listing}: FirewallState): string {
	const text = listing.textOf(rule) ?? rule.text;

	return `table ${rule.table}, chain ${rule.chain}, handle ${rule.handle}: ${text}`;
}

/** By now, both ports are known to be on one bridge. */
function filtersIpOn({bridge: name}: Port, {devices, filtersIp}: FirewallState): FiltersIp {
	const bridge = devices.get(name)?.bridge;

	return {
		ip: filtersIp.ip || bridge?.callsIptables === true,
		ip6: filtersIp.ip6 || bridge?.callsIp6tables === true,
	};
}
