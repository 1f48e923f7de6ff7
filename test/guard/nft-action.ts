// SPDX-License-Identifier: MIT
import {keysOf, plainOf, type NftTable} from './nft-match.ts';
import type {Random} from './random.ts';

/** What a rule ends with: a verdict, a side effect, both, or nothing. */
export function actionOf(random: Random, table: NftTable, below: readonly string[]): string {
	return random.weighted<() => string>([
		[75, () => verdictOf(random, below)],
		[12, () => `${random.pick(plain)} ${random.chance(0.5) ? verdictOf(random, below) : ''}`],
		[6, () => random.pick(effects)],
		[7, () => random.pick(endings)],
		[2, () => `${random.pick(named)} ${verdictOf(random, below)}`],
		[table.sets.length > 0 ? 3 : 0, () => changeSet(random, table)],
	])();
}

/** `below`: chains that may be jumped to without a loop. */
function verdictOf(random: Random, below: readonly string[]): string {
	return random.weighted<() => string>([
		[30, () => 'accept'],
		[22, () => 'drop'],
		[22, () => 'return'],
		[4, () => 'continue'],
		[below.length > 0 ? 20 : 0, () => `jump ${random.pick(below)}`],
		[below.length > 0 ? 14 : 0, () => `goto ${random.pick(below)}`],
	])();
}

/** A verdict for each value of something, or of two things, in the rule or in a map of the table. */
export function vmapOf(random: Random, {family, at}: NftTable, below: readonly string[]): Vmap {
	const usual = keysOf(family).filter(({type}) => type !== '' && type !== 'iface_index');
	const fields = random.several(1, random.chance(0.3) ? 2 : 1, () => random.pick(usual));
	const key = fields.map(each => each.key).join(' . ');
	const value = () => fields.map(({values}) => random.pick(plainOf(values))).join(' . ');
	const values = new Set(random.several(1, 3, value));
	const entries = [...values].map(each => `${each} : ${verdictOf(random, below)}`).join(', ');
	if (random.chance(0.6)) {
		return {before: [], action: `${key} vmap { ${entries} }`};
	}
	const name = `map${random.below(1000)}`;
	const type = fields.map(each => each.type).join(' . ');

	return {
		before: [`add map ${at} ${name} { type ${type} : verdict; elements = { ${entries} }; }`],
		action: `${key} vmap @${name}`,
	};
}

export type Vmap = {
	/** What must be there before the rule. */
	readonly before: readonly string[];
	readonly action: string;
};

/** What leaves a packet as it is. */
const plain = [
	'counter',
	'log',
	'log prefix "accept "',
	'meta nftrace set 1',
	'limit rate 9/second',
];

/** What `objects` of nft.ts adds, sometimes. */
const named = ['counter name "seen"', 'quota name "much"', 'limit name "slow"'];

const effects = [
	'meta mark set 7',
	'meta priority set 1:1',
	'ct mark set 7',
	'notrack',
	'ip dscp set cs1',
	'ip ttl set 33',
	'tcp option maxseg size set 1000',
	'ether saddr set 00:16:3e:00:00:55',
	'ether daddr set 00:16:3e:00:00:55',
	'tcp dport set 8080',
	'udp dport set 8080',
	'meta pkttype set host',
	'ip saddr set 10.0.0.99',
	'ct zone set 5',
	'queue num 3 bypass',
	'dup to "vif33.0"',
];

const endings = [
	'reject',
	'reject with tcp reset',
	'reject with icmpx type admin-prohibited',
	'queue num 3',
	'masquerade',
	'redirect to :8080',
	'snat to 10.0.0.98',
	'dnat to 10.0.0.33',
	'fwd to "vif33.0"',
	'synproxy',
	'quota over 200 bytes drop',
	'ct count over 1 drop',
	'limit rate 1/second accept',
	'limit rate over 1/second drop',
	'meter m4 { ip saddr limit rate over 1/second } drop',
	'tproxy to :9',
	'meta mark set 7 accept',
];

function changeSet(random: Random, {sets}: NftTable): string {
	const {name, key} = random.pick(sets);

	return `${random.pick(['add', 'update', 'delete'])} @${name} { ${key} }`;
}
