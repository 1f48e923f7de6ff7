// SPDX-License-Identifier: MIT
import type {Device} from '../kernel/devices.ts';
import type {ForwardingEntry} from '../kernel/forwarding.ts';
import {readControl} from './control.ts';
import {foreignHooks, linkedHooks, type ForeignHook} from './hooks.ts';
import {readEbtables, readLegacyTables} from './legacy.ts';
import {createPart, type Part, type PartWorld} from './part.ts';
import {readPrograms} from './programs.ts';
import {createRulesReader, type Rules, type RulesReader} from './rules.ts';
import type {FirewallState} from './state.ts';
import type {Tools} from './tools.ts';

/** What was found, and on which devices it was looked for: others may hold anything. */
type Covering<T> = {readonly covers: ReadonlySet<string>; readonly found: T};

export type Links = Pick<FirewallState, 'devices' | 'vlans'>;

type Unheard = Pick<
	FirewallState,
	'filtersIp' | 'legacyTables' | 'ebtables' | 'hooks' | 'programs'
> & {
	/** The devices with XDP programs by links of BPF, of which no notification tells either; the part `links` has what matters of them. */
	readonly xdp: readonly number[];
};

export type Parts = {
	readonly links: Part<Links>;
	readonly entries: Part<readonly ForwardingEntry[]>;
	readonly control: Part<Covering<FirewallState['control']>>;
	readonly deviceHooks: Part<Covering<readonly ForeignHook[]>>;
	readonly rules: Part<Covering<Rules>>;
	/** Whatever the kernel says nothing of when it changes. */
	readonly unheard: Part<Covering<Unheard>>;
};

/** A device that comes back under its name is another one. */
export function coverKey({name, ifindex}: Pick<Device, 'name' | 'ifindex'>): string {
	return `${name} ${ifindex}`;
}

/**
 * The parts of dom0's firewall; `names` are the devices that verdicts are asked for, `due` is called when a part has
 * something to read.
 */
export function createParts(
	tools: Tools,
	world: PartWorld,
	{names, due}: {readonly names: () => readonly string[]; readonly due: () => void},
): {readonly parts: Parts; readonly rulesReader: RulesReader} {
	const rulesReader = createRulesReader(tools);
	const part = <T>(name: string, read: () => Promise<T>) => createPart({name, read, due, world});
	const cover = async <T>(
		read: (devices: readonly Device[]) => Promise<T>,
	): Promise<Covering<T>> => {
		const {devices} = await parts.links.get();
		const ours = names().flatMap(name => devices.get(name) ?? []);

		return {covers: new Set(ours.map(coverKey)), found: await read(ours)};
	};
	const parts: Parts = {
		links: part('links', () => readLinks(tools)),
		entries: part('forwarding', () => tools.readForwarding()),
		control: part('control', () => cover(devices => readControl(devices, tools))),
		deviceHooks: part('hooks', () =>
			cover(async devices =>
				foreignHooks((await tools.readDeviceHooks(devices.map(({name}) => name))) ?? []),
			),
		),
		rules: createPart({
			name: 'rules',
			read: () => readRules(parts, rulesReader, cover),
			isSame: (one, other) =>
				one.found === other.found && [...one.covers].join() === [...other.covers].join(),
			restMax: Infinity,
			due,
			world,
		}),
		unheard: part('unheard', () => cover(devices => readUnheard(devices, tools))),
	};

	return {parts, rulesReader};
}

async function readLinks(tools: Tools): Promise<Links> {
	const devices = await tools.readDevices();
	const byIndex = await tools.readVlans();
	const names = new Map(devices.map(({ifindex, name}) => [ifindex, name]));

	return {
		devices: new Map(devices.map(device => [device.name, device])),
		vlans:
			byIndex &&
			new Map(
				[...byIndex].flatMap(([ifindex, vlans]) => {
					const name = names.get(ifindex);

					return name === undefined ? [] : [[name, vlans] as const];
				}),
			),
	};
}

/** While no bridge hands frames to the IP chains, their tables are not read, and cover nothing once one does. */
async function readRules(
	parts: Parts,
	reader: RulesReader,
	cover: <T>(read: (devices: readonly Device[]) => Promise<T>) => Promise<Covering<T>>,
): Promise<Covering<Rules>> {
	const filtersIp = filtersIpAnywhere(await parts.links.get(), await parts.unheard.get());
	const {covers, found} = await cover(devices =>
		reader.read({devices: new Set(devices.map(({name}) => name)), filtersIp}),
	);

	return {covers: filtersIp ? new Set([...covers, ipTables]) : covers, found};
}

/** Stands among the covered devices for the tables of the families ip, ip6 and inet. */
export const ipTables = 'IP tables';

export function filtersIpAnywhere({devices}: Links, {found}: Covering<Unheard>): boolean {
	const {ip, ip6} = found.filtersIp;

	return (
		ip ||
		ip6 ||
		[...devices.values()].some(
			({bridge}) => bridge?.callsIptables === true || bridge?.callsIp6tables === true,
		)
	);
}

/** enum bpf_link_type. */
const linkTypes = {xdp: 6, netfilter: 10} as const;

async function readUnheard(devices: readonly Device[], tools: Tools): Promise<Unheard> {
	const hooks = await tools.readHooks();

	return {
		filtersIp: await readSwitches(tools),
		legacyTables: await readLegacyTables(tools.readFile),
		ebtables: await readEbtables(tools.readFile, hooks, tools.hasBuiltInEbtables),
		hooks: hooks ? foreignHooks(hooks) : linkedHooks(tools.linked(linkTypes.netfilter)),
		programs: readPrograms(devices, tools.attached),
		xdp: tools.linked(linkTypes.xdp).map(({target}) => target),
	};
}

/** Absent where br_netfilter is not loaded. */
async function readSwitches({readFile}: Tools): Promise<FirewallState['filtersIp']> {
	const isOn = async (name: string) => {
		const text = await readFile(`/proc/sys/net/bridge/bridge-nf-call-${name}`);

		return text !== undefined && text.trim() !== '0';
	};

	return {ip: await isOn('iptables'), ip6: await isOn('ip6tables')};
}
