// SPDX-License-Identifier: MIT
import type {Command} from './command.ts';
import {bridge, devices, vifs} from './places.ts';
import type {Random} from './random.ts';
import {matchOf, type NftFamily, type NftTable} from './nft-match.ts';
import {setsOf} from './nft-sets.ts';
import {actionOf, vmapOf, type Vmap} from './nft-action.ts';

/** One or two tables, each with base chains, chains that they jump to, and sets. */
export function nftRules(random: Random): Command[] {
	return random.several(1, 2, index => tableCommands(random, index)).flat();
}

function tableCommands(random: Random, index: number): Command[] {
	const family = random.weighted<NftFamily>([
		[45, 'bridge'],
		[15, 'netdev'],
		[15, 'inet'],
		[12, 'ip'],
		[8, 'ip6'],
		[2, 'arp'],
	]);
	const subchains = random.several(0, 3, count => `sub${count}`);
	const table: NftTable = {family, at: `${family} t${index}`, subchains, sets: []};
	const options = random.weighted([
		[12, ''],
		[1, ' { flags dormant; }'],
		[1, ' { comment "# handle 9 {"; }'],
	]);
	const sets = setsOf(random, table);
	const bases = baseChains(random, table);

	return [
		`add table ${table.at}${options}`,
		...subchains.map(name => `add chain ${table.at} ${name}`),
		...sets,
		...objects(random, table),
		...bases.map(({name, how}) => `add chain ${table.at} ${name} { ${how} }`),
		...bases.flatMap(({name}) => chainRules(random, table, name, subchains)),
		...subchains.flatMap((name, depth) =>
			chainRules(random, table, name, subchains.slice(depth + 1)),
		),
	].map(text => ({tool: 'nft', text}));
}

/** What rules find by name: all is there, little of it is used. */
function objects(random: Random, {at}: NftTable): string[] {
	return random.chance(0.15)
		? [
				`add counter ${at} seen`,
				`add quota ${at} much { over 200 bytes }`,
				`add limit ${at} slow { rate 1/second }`,
			]
		: [];
}

type Base = {readonly name: string; readonly how: string};

/** No two of one hook and priority: the kernel takes them in the order of their making. */
function baseChains(random: Random, {family}: NftTable): Base[] {
	return random.several(1, 2, index => {
		const [type, hook] = hookOf(random, family);
		const policy = random.weighted([
			[6, 'accept'],
			[family === 'netdev' ? 1 : 4, 'drop'],
		]);
		const priority = random.pick(['0', '-300', '-200', '-100', '-1', '5', '100', '300']);

		return {
			name: `base${index}`,
			how: `type ${type} hook ${hook} priority ${priority}; policy ${policy};`,
		};
	});
}

function hookOf(random: Random, family: NftFamily): readonly [type: string, hook: string] {
	const device = () =>
		random.weighted([
			[8, `device ${random.pick(devices)}`],
			[2, `devices = { ${random.pick(vifs)}, ${bridge} }`],
		]);

	switch (family) {
		case 'netdev':
			return ['filter', `${random.pick(['ingress', 'egress'])} ${device()}`];
		case 'arp':
			return ['filter', random.pick(['input', 'output'])];
		case 'bridge':
			return [
				'filter',
				random.weighted([
					[8, 'forward'],
					[3, 'prerouting'],
					[3, 'postrouting'],
					[3, 'input'],
					[3, 'output'],
				]),
			];
		default:
			return random.weighted([
				[8, ['filter', 'forward']],
				[3, ['filter', 'prerouting']],
				[3, ['filter', 'postrouting']],
				[2, ['filter', 'input']],
				[1, ['filter', 'output']],
				[1, ['nat', random.pick(['prerouting', 'postrouting', 'output', 'input'])]],
				[1, ['route', 'output']],
				[family === 'inet' ? 1 : 0, ['filter', `ingress ${device()}`]],
			] as const);
	}
}

function chainRules(
	random: Random,
	table: NftTable,
	chain: string,
	below: readonly string[],
): string[] {
	return random.several(0, 4, () => ruleOf(random, table, chain, below)).flat();
}

function ruleOf(
	random: Random,
	table: NftTable,
	chain: string,
	below: readonly string[],
): string[] {
	const matches = random.several(0, 2, () => `${matchOf(random, table)} `);
	const extra = random.weighted([
		[10, ''],
		[2, 'counter '],
		[1, 'counter packets 7 bytes 99 '],
	]);
	const comment = random.weighted([
		[10, ''],
		[1, ' comment "accept"'],
		[1, ' comment "} # handle 3"'],
	]);
	const {before, action} = random.weighted<() => Vmap>([
		[82, () => ({before: [], action: actionOf(random, table, below)})],
		[9, () => vmapOf(random, table, below)],
		[9, () => ({before: [], action: anonymousOf(random, table, below)})],
	])();

	return [
		...before,
		`add rule ${table.at} ${chain} ${matches.join('')}${extra}${action}${comment}`,
	];
}

/** A chain without a name, of which nft takes none within another. */
function anonymousOf(random: Random, table: NftTable, below: readonly string[]): string {
	const rules = random.several(1, 3, () => {
		const matches = random.several(0, 2, () => `${matchOf(random, table)} `);

		return `${matches.join('')}${actionOf(random, table, below)}`;
	});

	return `${random.pick(['jump', 'goto'])} { ${rules.join('; ')}; }`;
}
