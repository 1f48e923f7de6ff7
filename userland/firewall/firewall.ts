// SPDX-License-Identifier: MIT
import type {Device} from '../kernel/devices.ts';
import {indexForwarding, type Address, type ForwardingTable} from './forwarding.ts';
import {keepSame, type PartWorld} from './part.ts';
import {
	coverKey,
	createParts,
	filtersIpAnywhere,
	ipTables,
	type Links,
	type Parts,
} from './parts.ts';
import type {RulesReader} from './rules.ts';
import type {FirewallState} from './state.ts';
import type {Tools} from './tools.ts';

/** Whose verdicts are asked for. */
export type Ports = {
	/** Names of devices of dom0: vifs, and bridges for dom0 itself. */
	readonly devices: readonly string[];
	/** The Ethernet addresses behind them; undefined: all that there are. */
	readonly addresses?: readonly Address[] | undefined;
};

/** Dom0's firewall, of which only what may have changed is read again. */
export type Firewall = {
	/** The same object as before while nothing changed that matters for the ports. Throws ColoopError. */
	read(ports: Ports): Promise<FirewallState>;
	/** All devices of dom0, by name, as verdicts go by them; the same object while nothing changed. */
	readDevices(): Promise<ReadonlyMap<string, Device>>;
	/** `call` is called whenever a `read` may find something else than before. */
	onDue(call: () => void): void;
	readonly parts: Parts;
	readonly rulesReader: RulesReader;
	/** Whether a change of this device, or of this address, can matter for the ports last asked for. */
	isAsked(what: {readonly ifindex: number} | {readonly mac: string}): boolean;
};

export function openFirewall(tools: Tools, world: PartWorld): Firewall {
	let ports: Ports = {devices: []};
	let ours: readonly Device[] = [];
	let scope = '';
	let macs: string | undefined;
	let due = () => {};
	let agreed: Partial<Bridges> = {};
	const {parts, rulesReader} = createParts(tools, world, {
		names: () => ports.devices,
		due: () => due(),
	});
	const [keepTable, keepLinks, keepState] = [
		keepSame<ForwardingTable>(),
		keepSame<Links>(),
		keepSame<FirewallState>(hasSameParts),
	];

	/** What was looked for on other devices, or in other tables, is to be looked for again, before anybody is told. */
	async function follow(links: Links): Promise<void> {
		ours = ports.devices.flatMap(name => links.devices.get(name) ?? []);
		const key = ours.map(each => `${coverKey(each)} ${each.queueLength ?? ''}`).join();

		if (scope !== key) {
			scope = key;
			[parts.control, parts.deviceHooks, parts.unheard, parts.rules].forEach(part =>
				part.invalidate('urgent'),
			);
		}
		const asked = ports.addresses?.map(({mac}) => mac).join();

		if (macs !== asked) {
			// Nobody listened to what became of the entries of an address that was not asked for.
			macs = asked;
			parts.entries.invalidate('urgent');
		}
		const needsIp = filtersIpAnywhere(links, await parts.unheard.get());

		if (needsIp !== rulesReader.readsIp) {
			parts.rules.invalidate('urgent');
		}
	}

	/**
	 * What a port is set to and the entries for its address decide together. Where either is other than before, both are
	 * read until they stay the same: an older reading of the one beside a newer one of the other is what dom0 never had.
	 */
	async function readBridges(links: Links, tries = 3): Promise<Bridges> {
		await follow(links);
		const entries = await parts.entries.get();
		const forwarding = keepTable(indexForwarding(entries, ports.addresses, links.devices));
		const relevant = keepLinks(relevantLinks(links, ours, forwarding));
		if ((relevant === agreed.bridges && forwarding === agreed.forwarding) || tries === 0) {
			return {links, bridges: relevant, forwarding};
		}
		agreed = {bridges: relevant, forwarding};
		parts.links.invalidate('urgent');
		parts.entries.invalidate('urgent');

		return await readBridges(await parts.links.get(), tries - 1);
	}

	return {
		parts,
		rulesReader,
		onDue: call => (due = call),
		readDevices: async () => (await parts.links.get()).devices,
		isAsked: what =>
			'ifindex' in what
				? ours.some(({ifindex}) => ifindex === what.ifindex)
				: (ports.addresses?.some(({mac}) => mac === what.mac) ?? true),
		async read(asked) {
			ports = asked;
			const {links, bridges, forwarding} = await readBridges(await parts.links.get());
			const [control, deviceHooks, rules, unheard] = await Promise.all([
				parts.control.get(),
				parts.deviceHooks.get(),
				parts.rules.get(),
				parts.unheard.get(),
			]);
			const covered = [control, deviceHooks, rules, unheard].map(({covers}) => covers);
			const isIpUnread = filtersIpAnywhere(links, unheard) && !rules.covers.has(ipTables);
			const unread = ours.filter(
				device => isIpUnread || covered.some(covers => !covers.has(coverKey(device))),
			);

			return keepState({
				...unheard.found,
				...bridges,
				...rules.found,
				forwarding,
				control: control.found,
				hooks: [...unheard.found.hooks, ...deviceHooks.found],
				unread: new Set(unread.map(({name}) => name)),
			});
		},
	};
}

type Bridges = {
	readonly links: Links;
	/** Those of them that matter. */
	readonly bridges: Links;
	readonly forwarding: ForwardingTable;
};

/** Our devices, and those that sentences about them name: dom0 may have many others, which come and go. */
function relevantLinks(
	{devices, vlans}: Links,
	ours: readonly Device[],
	forwarding: ForwardingTable,
): Links {
	const indexes = new Set([
		...ours.flatMap(({ifindex, master = 0}) => [ifindex, master]),
		...[...forwarding.values()].flat().flatMap(({device, bridge}) => [device, bridge]),
	]);
	const names = new Set(
		[...devices.values()].flatMap(({ifindex, name}) => (indexes.has(ifindex) ? [name] : [])),
	);
	const pick = <T>(all: ReadonlyMap<string, T>) =>
		new Map([...all].filter(([name]) => names.has(name)));

	return {devices: pick(devices), vlans: vlans && pick(vlans)};
}

/** The parts are kept by identity; the two lists that are put together here are short. */
function hasSameParts(one: FirewallState, other: FirewallState): boolean {
	const {hooks, unread, ...parts} = one;
	const texts = [hooks, [...unread], other.hooks, [...other.unread]].map(each =>
		JSON.stringify(each),
	);

	return (
		texts[0] === texts[2] &&
		texts[1] === texts[3] &&
		Object.entries(parts).every(([name, value]) => value === Reflect.get(other, name))
	);
}
