// SPDX-License-Identifier: MIT
import type {
	NftChain,
	NftFamily,
	NftRule,
	NftRuleset,
	NftSet,
} from '../../userland/nftables-js/index.ts';
import {matchOf, setOf, type SetKind} from './generate-matches.ts';
import type {Random} from './random.ts';

const hooks: Readonly<Record<NftFamily, readonly string[]>> = {
	bridge: ['prerouting', 'input', 'forward', 'forward', 'forward', 'output', 'postrouting'],
	inet: ['ingress', 'prerouting', 'input', 'forward', 'forward', 'postrouting'],
	ip: ['prerouting', 'input', 'forward', 'forward', 'postrouting'],
	ip6: ['prerouting', 'input', 'forward', 'forward', 'postrouting'],
	netdev: ['ingress', 'egress'],
	arp: ['input'],
};
const devices = ['vif3.0', 'vif4.0', 'xenbr0', 'eth0'];
const setKinds: readonly SetKind[] = ['device', 'mac', 'pair', 'port', 'address'];
/** Of which a verdict map may be. */
const mapKinds = ['device', 'mac', 'pair'] as const;

/** A ruleset as nft's JSON would have it: chains, jumps that cannot loop, rules of what people write and of what they do not. */
export function generateRuleset(random: Random): NftRuleset {
	const families = random.some<NftFamily>(
		['bridge', 'bridge', 'bridge', 'inet', 'ip', 'ip6', 'netdev'],
		3,
	);
	const parts = families.map((family, at) => generateTable(random, family, `t${at}`));

	return {
		version: undefined,
		tables: parts.flatMap(({tables}) => tables),
		chains: parts.flatMap(({chains}) => chains),
		rules: parts.flatMap(({rules}) => rules),
		sets: parts.flatMap(({sets}) => sets),
		maps: parts.flatMap(({maps}) => maps),
		others: [],
	};
}

type Table = Pick<NftRuleset, 'tables' | 'chains' | 'rules' | 'sets' | 'maps'>;

function generateTable(random: Random, family: NftFamily, table: string): Table {
	const names = Array.from({length: random.below(4)}, (_, at) => `c${at}`);
	const bases = Array.from({length: 1 + random.below(2)}, (_, at) =>
		baseChain(random, family, table, `b${at}`, at),
	);
	const subs = names.map((name, at) => chain(family, table, name, 10 + at));
	const isDynamic = random.chance(0.2);
	const sets = setKinds.map((kind, at) => ({
		...named(family, table, kind, 20 + at),
		flags: isDynamic && kind === 'mac' ? ['dynamic'] : [],
		elements: random.chance(0.2) ? [] : setOf(random, kind),
	}));
	// A chain leads only to those behind it, as the kernel refuses loops.
	const targetsOf = (name: string) => names.filter(each => name.startsWith('b') || each > name);
	const write = (name: string, handle: number, count: number) =>
		Array.from({length: count}, (_, at) =>
			rule(random, {family, table, chain: name}, handle + at, targetsOf(name)),
		);
	const verdicts = {
		...named(family, table, 'verdicts', 29),
		elements: (random.chance(0.2) ? [] : setOf(random, 'pair')).map(key => [
			key,
			random.pick(ends),
		]),
	};

	return {
		tables: [
			{family, name: table, handle: 1, raw: {flags: random.chance(0.05) ? ['dormant'] : []}},
		],
		chains: [...subs, ...bases],
		rules: [...bases, ...subs].flatMap(({name}, at) =>
			write(name, 100 * (at + 1), random.below(5)),
		),
		sets,
		maps: [verdicts],
	};
}

function named(family: NftFamily, table: string, name: string, handle: number): NftSet {
	return {family, table, name, handle, flags: [], elements: [], raw: {}};
}

function chain(family: NftFamily, table: string, name: string, handle: number): NftChain {
	return {family, table, name, handle, base: undefined, raw: {}};
}

function baseChain(random: Random, family: NftFamily, table: string, name: string, handle: number) {
	const hook = random.pick(hooks[family]);
	const isOnDevice = hook === 'ingress' || hook === 'egress';

	return {
		...chain(family, table, name, handle),
		base: {
			...{type: 'filter', hook, prio: random.below(5) - 2},
			policy: random.chance(0.25) ? 'drop' : 'accept',
			devices: isOnDevice ? random.some(devices, 2) : undefined,
		},
	};
}

type Place = {readonly family: NftFamily; readonly table: string; readonly chain: string};

function rule(random: Random, place: Place, handle: number, targets: readonly string[]): NftRule {
	const matches = Array.from({length: random.below(3)}, () => matchOf(random, place.family));
	const counter = random.chance(0.2) ? [{counter: {packets: 0, bytes: 0}}] : [];
	const end = random.chance(0.06) ? [action(random)] : [verdict(random, targets)];

	return {
		...place,
		...{handle, comment: undefined, raw: {}},
		expr: [...matches, ...counter, ...(random.chance(0.08) ? [random.pick(harmless)] : end)],
	};
}

const harmless = [
	{counter: null},
	{last: null},
	{notrack: null},
	{mangle: {key: {meta: {key: 'nftrace'}}, value: 1}},
];

/** Something that a channel would bypass, with or without a verdict behind it. */
function action(random: Random): object {
	return random.pick([
		{log: null},
		{limit: {rate: 1, per: 'second'}},
		{mangle: {key: {meta: {key: 'mark'}}, value: 1}},
		{set: {op: 'add', elem: {payload: {protocol: 'ether', field: 'saddr'}}, set: '@mac'}},
		{queue: null},
		{strange: 1},
		{xt: {type: 'target', name: 'LOG'}},
	]);
}

function verdict(random: Random, targets: readonly string[]): object {
	if (targets.length > 0 && random.chance(0.35)) {
		const target = random.pick(targets);

		return random.chance(0.6) ? {jump: {target}} : {goto: {target}};
	}
	if (random.chance(0.07)) {
		return vmap(random, targets);
	}

	return random.pick([
		...[{accept: null}, {accept: null}, {accept: null}, {return: null}, {return: null}],
		...[{drop: null}, {continue: null}, {counter: null}, {reject: null}],
	]);
}

const ends = [{accept: null}, {drop: null}, {return: null}, {continue: null}, {accept: null}];

function vmap(random: Random, targets: readonly string[]): object {
	const jumps = targets.map(target => ({jump: {target}}));
	const key = {
		concat: [{meta: {key: 'iifname'}}, {payload: {protocol: 'ether', field: 'saddr'}}],
	};
	if (random.chance(0.3)) {
		return {vmap: {key, data: '@verdicts'}};
	}
	const kind = random.pick(mapKinds);
	const keys = {
		device: {meta: {key: random.pick(['iifname', 'oifname'])}},
		mac: {payload: {protocol: 'ether', field: random.pick(['saddr', 'daddr'])}},
		pair: key,
	};
	const elements = setOf(random, kind).map(each => [each, random.pick([...ends, ...jumps])]);
	const rest = random.chance(0.3) ? [['*', random.pick(ends)]] : [];

	return {vmap: {key: keys[kind], data: {set: [...elements, ...rest]}}};
}
