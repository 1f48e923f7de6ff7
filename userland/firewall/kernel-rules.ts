// SPDX-License-Identifier: MIT
import {attributesOf, viewOf} from '../kernel/attributes.ts';
import type {TableName} from '../kernel/chains.ts';
import {encode} from '../kernel/codec.ts';
import {netfilterProtocol, withConnection} from '../kernel/dump.ts';
import type {NftFamily, NftRule, NftRuleset, NftSet} from '../nftables-js/index.ts';
import {fields} from './fields.ts';
import {parsePhysdev} from './physdev.ts';
import {keyOf} from './ruleset-index.ts';
import {parseMac, parsePacketType} from './xt.ts';

/** A rule as the kernel has it. */
export type KernelRule = {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	readonly handle: number;
	readonly expressions: readonly KernelExpression[];
};

type KernelExpression = {readonly name: string; readonly data: Uint8Array};

/** Numbers of linux/netfilter/nfnetlink.h and nf_tables.h. */
const getRule = (10 << 8) | 7;
const ruleAttributes = {table: 1, chain: 2, handle: 3, expressions: 4} as const;
const expressionAttributes = {name: 1, data: 2} as const;
const matchAttributes = {name: 1, info: 3} as const;
const dynsetAttributes = {set: 1} as const;

const families: ReadonlyMap<number, NftFamily> = new Map([
	[1, 'inet'],
	[2, 'ip'],
	[3, 'arp'],
	[5, 'netdev'],
	[7, 'bridge'],
	[10, 'ip6'],
]);

/** The rules of a table, in the order of evaluation within each chain; none where it has gone. Throws ColoopError (KERNEL). */
export async function readKernelRules({family, table}: TableName): Promise<KernelRule[]> {
	const attributeTable = {table: {id: ruleAttributes.table, type: 'string'}} as const;

	return await withConnection(netfilterProtocol, async connection => {
		const messages = await connection.request({
			type: getRule,
			dump: true,
			header: Uint8Array.of(numberOf(family), 0, 0, 0),
			attributes: encode(attributeTable, {table}),
			table: attributeTable,
		});

		return messages.flatMap(({payload}) => parseKernelRule(payload) ?? []);
	});
}

function numberOf(family: NftFamily): number {
	return [...families].find(([, name]) => name === family)?.[0] ?? 0;
}

/** A message NFT_MSG_NEWRULE; undefined for a family that nft does not know. */
export function parseKernelRule(payload: Uint8Array): KernelRule | undefined {
	const family = families.get(payload[0] ?? 0);
	const {table, chain, handle, expressions} = ruleAttributes;
	const found = attributes(payload.subarray(4));

	return family === undefined
		? undefined
		: {
				family,
				table: text(found.get(table)),
				chain: text(found.get(chain)),
				handle: Number(viewOf(found.get(handle) ?? new Uint8Array(8)).getBigUint64(0)),
				expressions: [...attributesOf(found.get(expressions) ?? new Uint8Array(0))].map(
					({payload: element}) => {
						const {name, data} = expressionAttributes;
						const expression = attributes(element);

						return {
							name: text(expression.get(name)),
							data: expression.get(data) ?? new Uint8Array(0),
						};
					},
				),
			};
}

function attributes(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
	return new Map([...attributesOf(bytes)].map(({id, payload}) => [id, payload]));
}

function text(bytes: Uint8Array = new Uint8Array(0)): string {
	const end = bytes.indexOf(0);

	return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString();
}

/**
 * Completes what libnftables shows by what the kernel has: the options of iptables' matches, and rules and expressions of
 * a newer nft, which an older library leaves out. Undefined if the two were not read from the same ruleset.
 */
export function withKernelRules(
	ruleset: NftRuleset,
	kernelRules: readonly KernelRule[],
): NftRuleset | undefined {
	const listed = new Map(ruleset.rules.map(rule => [identity(rule), rule]));
	const chains = new Set(ruleset.chains.map(chain => keyOf(chain, chain.name)));
	const rules = kernelRules
		// The anonymous chain of a rule is printed with that rule.
		.filter(rule => chains.has(keyOf(rule, rule.chain)))
		.map(rule => complete(listed.get(identity(rule)) ?? unlisted(rule), rule.expressions));
	const found = new Set(rules.map(identity));

	const {sets, maps} = withDynamicSets(ruleset, kernelRules);

	return [...listed.keys()].every(key => found.has(key))
		? {...ruleset, rules, sets, maps}
		: undefined;
}

/** Sets and maps that rules add to, those in anonymous chains included, which libnftables does not write as JSON. */
function withDynamicSets(
	{sets, maps}: NftRuleset,
	kernelRules: readonly KernelRule[],
): Pick<NftRuleset, 'sets' | 'maps'> {
	const changed = new Set(
		kernelRules.flatMap(rule =>
			rule.expressions
				.filter(({name}) => name === 'dynset')
				.map(({data}) => keyOf(rule, text(attributes(data).get(dynsetAttributes.set)))),
		),
	);
	const mark = (set: NftSet): NftSet =>
		changed.has(keyOf(set, set.name)) ? {...set, flags: [...set.flags, 'dynamic']} : set;

	return {sets: sets.map(mark), maps: maps.map(mark)};
}

export type NamedRule = Pick<NftRule, 'family' | 'table' | 'chain' | 'handle'>;

/** A rule that is replaced gets another handle: what bears the same is the same. */
export function identity(rule: NamedRule): string {
	return `${keyOf(rule, rule.chain)} ${rule.handle}`;
}

function unlisted({expressions, ...names}: KernelRule): NftRule {
	const text = `a rule that this nft cannot show (${expressions.map(({name}) => name).join(', ')})`;

	return {...names, comment: text, expr: [{unlisted: null}], raw: {}};
}

/** What libnftables has known since before 1.0.6; a library drops other expressions from the rules that it shows. */
const knownExpressions: ReadonlySet<string> = new Set([
	...['bitwise', 'byteorder', 'cmp', 'connlimit', 'counter', 'ct', 'dup', 'dynset', 'exthdr'],
	...['fib', 'flow_offload', 'fwd', 'hash', 'immediate', 'last', 'limit', 'log', 'lookup'],
	...['masq', 'match', 'meta', 'nat', 'notrack', 'numgen', 'objref', 'osf', 'payload', 'queue'],
	...['quota', 'range', 'redir', 'reject', 'rt', 'secmark', 'socket', 'synproxy', 'target'],
	...['tproxy', 'tunnel', 'xfrm'],
]);

function complete(rule: NftRule, expressions: readonly KernelExpression[]): NftRule {
	const unknown = expressions.filter(({name}) => !knownExpressions.has(name));
	const matches = expressions.filter(({name}) => name === 'match');
	const isShown = unknown.every(({name}) => name === 'inner' && shows(rule, '"tunnel":'));
	const shown = rule.expr.filter(isXtMatch).length;
	const expr = isShown
		? rule.expr
		: [{unlisted: unknown.map(({name}) => name).join()}, ...rule.expr];
	if (shown === 0 || shown !== matches.length) {
		return {...rule, expr};
	}
	const queue = matches.map(({data}) => optionsOf(data, rule.family));

	return {
		...rule,
		expr: expr.map(statement =>
			isXtMatch(statement)
				? {xt: {...fields(fields(statement)['xt']), ...queue.shift()}}
				: statement,
		),
	};
}

function shows({expr}: NftRule, text_: string): boolean {
	return JSON.stringify(expr).includes(text_);
}

function isXtMatch(statement: unknown): boolean {
	return fields(fields(statement)['xt'])['type'] === 'match';
}

/** The options of those matches that can be decided. */
function optionsOf(data: Uint8Array, family: NftFamily): object {
	const found = attributes(data);
	const name = text(found.get(matchAttributes.name));
	const info = found.get(matchAttributes.info) ?? new Uint8Array(0);
	const options = parseOptions(name, info, family);

	return options === undefined ? {} : {[name]: options};
}

function parseOptions(name: string, info: Uint8Array, family: NftFamily): object | undefined {
	switch (name) {
		case 'physdev':
			return parsePhysdev(info);
		case 'mac':
			return parseMac(info);
		case 'pkttype':
			return parsePacketType(info, family);
		default:
			return undefined;
	}
}
