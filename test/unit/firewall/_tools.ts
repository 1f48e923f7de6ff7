// SPDX-License-Identifier: MIT
import type {BaseChain} from '../../../userland/kernel/chains.ts';
import type {BridgeSettings, Device, PortSettings} from '../../../userland/kernel/devices.ts';
import type {Tools} from '../../../userland/firewall/tools.ts';
import {parseRuleset, type NftRuleset} from '../../../userland/nftables-js/index.ts';
import {captured} from './_fixtures.ts';

/** The bridge of the fixtures, and its ports. */
export const indexes = {xenbr0: 2, 'vif3.0': 3, 'vif4.0': 4, 'vif5.0': 5} as const;

const nothing = {hasXdp: false, port: undefined, bridge: undefined, mtu: 1500, master: undefined};

export function bridgeDevice(settings: Partial<BridgeSettings> = {}): Device {
	const plain = {callsIptables: false, callsIp6tables: false, localInVlan0: false};

	return {
		...nothing,
		name: 'xenbr0',
		ifindex: indexes.xenbr0,
		mac: '00:16:3e:00:00:01',
		bridge: {filtersVlans: false, ...plain, ...settings},
	};
}

export function portDevice(
	name: Exclude<keyof typeof indexes, 'xenbr0'>,
	settings: Partial<PortSettings> = {},
	more: Partial<Device> = {},
): Device {
	const plain = {isolated: false, locked: false, floods: true, tunnels: false, unknown: []};

	return {
		...nothing,
		name,
		ifindex: indexes[name],
		mac: 'fe:ff:ff:ff:ff:ff',
		master: indexes.xenbr0,
		port: {state: 'forwarding', ...plain, ...settings},
		...more,
	};
}

export const plainDevices: readonly Device[] = [
	bridgeDevice(),
	portDevice('vif3.0'),
	portDevice('vif4.0'),
];

export type Rules = {readonly ruleset: NftRuleset; readonly text: string};

/** A kernel with nothing in the way, but for what a test puts there; rules are a captured case, or made. */
export function fakeTools({
	files = {},
	rules = 'empty',
	...changes
}: Partial<Tools> & {
	readonly files?: Readonly<Record<string, string>>;
	readonly rules?: string | Rules;
} = {}): Tools {
	const {ruleset, text} = rulesOf(rules);
	const inTable = ({family, table}: {family: string; table: string}, name: string) =>
		`${family} ${table}` === name;
	const only = (name: string): NftRuleset => ({
		...ruleset,
		chains: ruleset.chains.filter(chain => inTable(chain, name)),
		rules: ruleset.rules.filter(rule => inTable(rule, name)),
		sets: ruleset.sets.filter(set => inTable(set, name)),
		maps: ruleset.maps.filter(map => inTable(map, name)),
	});

	return {
		readDevices: async () => plainDevices,
		readVlans: async () => undefined,
		readForwarding: async () => [
			{
				...{mac: '00:16:3e:00:00:01', vlan: 0, bridge: indexes.xenbr0},
				...({device: indexes.xenbr0, kind: 'local', isLocked: false} as const),
			},
		],
		readQueues: async () => [],
		readFilters: async () => [],
		readHooks: async () => [],
		readDeviceHooks: async () => [],
		attached: () => [],
		linked: () => [],
		readBaseChains: async () => baseChainsOf(ruleset),
		readTable: async ({family, table}) => ({
			ruleset: only(`${family} ${table}`),
			text: textOf(text, `${family} ${table}`),
		}),
		readFile: async path => files[path],
		hasBuiltInEbtables: async () => false,
		...changes,
	};
}

function rulesOf(rules: string | Rules): Rules {
	const found = typeof rules === 'string' ? captured.get('1.0.6')?.get(rules) : rules;

	if (!found) {
		throw new Error(`no capture ${JSON.stringify(rules)}`);
	}

	return found;
}

function baseChainsOf({chains}: NftRuleset): BaseChain[] {
	return chains.flatMap(({family, table, name, base}) =>
		base ? [{family, table, name, hook: base.hook, devices: base.devices}] : [],
	);
}

/** The part of a listing that is one table. */
function textOf(text: string, name: string): string {
	return text
		.split(/^(?=table )/m)
		.filter(part => part.startsWith(`table ${name} {`))
		.join('');
}

/** What `iptables -t TABLE -A CHAIN -m MATCH ... -j VERDICT` leaves. */
export function iptables(
	table: string,
	hook: string,
	match: string,
	verdict = 'drop',
	policy = 'accept',
): Rules {
	const chain = hook.toUpperCase();
	const expr = [{xt: {type: 'match', name: match}}, {[verdict]: null}];
	const nftables = [
		{
			chain: {
				...{family: 'ip', table, name: chain, handle: 1},
				...{type: 'filter', hook, prio: 0, policy},
			},
		},
		{rule: {family: 'ip', table, chain, handle: 2, expr}},
	];
	const lines = [
		`table ip ${table} {`,
		`\tchain ${chain} { # handle 1`,
		`\t\ttype filter hook ${hook} priority filter; policy ${policy};`,
		`\t\txt match "${match}" ${verdict} # handle 2`,
		'\t}',
		'}',
	];

	return {ruleset: parseRuleset(JSON.stringify({nftables})), text: lines.join('\n')};
}
