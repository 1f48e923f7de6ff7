// SPDX-License-Identifier: MIT
import {attributesOf, viewOf} from '../kernel/attributes.ts';
import type {TableName} from '../kernel/chains.ts';
import {encode} from '../kernel/codec.ts';
import {netfilterProtocol, withConnection} from '../kernel/dump.ts';
import type {NftFamily, NftRule} from '../nftables-js/index.ts';
import {inSlices, type Sliceable} from '../slice.ts';
import {attributes, text} from './kernel-attributes.ts';
import type {KernelExpression} from './kernel-expressions.ts';
import {keyOf} from './ruleset-index.ts';

/** A rule as the kernel has it. */
export type KernelRule = {
	readonly family: NftFamily;
	readonly table: string;
	readonly chain: string;
	readonly handle: number;
	readonly expressions: readonly KernelExpression[];
};

/** Numbers of linux/netfilter/nfnetlink.h and nf_tables.h. */
const getRule = (10 << 8) | 7;
const ruleAttributes = {table: 1, chain: 2, handle: 3, expressions: 4} as const;
const expressionAttributes = {name: 1, data: 2} as const;

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

		return await inSlices(parseAll(messages.map(({payload}) => payload)));
	});
}

function numberOf(family: NftFamily): number {
	return [...families].find(([, name]) => name === family)?.[0] ?? 0;
}

/** So many rules are parsed in less than a millisecond. */
const batch = 50;

function* parseAll(payloads: readonly Uint8Array[]): Sliceable<KernelRule[]> {
	const rules: KernelRule[] = [];

	for (const [at, payload] of payloads.entries()) {
		if (at % batch === batch - 1) {
			yield;
		}
		rules.push(...[parseKernelRule(payload) ?? []].flat());
	}

	return rules;
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

export type NamedRule = Pick<NftRule, 'family' | 'table' | 'chain' | 'handle'>;

/** A rule that is replaced gets another handle: what bears the same is the same. */
export function identity(rule: NamedRule): string {
	return `${keyOf(rule, rule.chain)} ${rule.handle}`;
}
