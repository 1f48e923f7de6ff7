// SPDX-License-Identifier: MIT
import {isDormant, readBaseChains, type BaseChain, type TableName} from '../kernel/chains.ts';
import type {NftChain, NftRule, NftRuleset} from '../nftables-js/index.ts';
import {fields} from './fields.ts';
import {statementsOf} from './kernel-expressions.ts';
import {readKernelRules, type KernelRule} from './kernel-rules.ts';

/**
 * A table by the kernel alone, for when libnftables cannot list it: 1.0.6 aborts on some rules. What its rules compare
 * with sets, or ask iptables' matches for, is not understood. Throws ColoopError (KERNEL).
 */
export async function readKernelTable(name: TableName): Promise<NftRuleset> {
	const rules = await readKernelRules(name);
	const chains = (await readBaseChains()).filter(
		({family, table}) => family === name.family && table === name.table,
	);

	return kernelTable(name, {rules, chains, isDormant: await isDormant(name)});
}

type Parts = {
	readonly rules: readonly KernelRule[];
	readonly chains: readonly BaseChain[];
	readonly isDormant: boolean;
};

function kernelTable({family, table}: TableName, parts: Parts): NftRuleset {
	const rules = parts.rules.map(ruleOf);
	// Those of a dormant table are not hooked.
	const base = parts.isDormant ? [] : parts.chains.map(baseChainOf);
	const named = new Set(base.map(({name}) => name));
	const others = new Set(rules.flatMap(({chain, expr}) => [chain, ...expr.flatMap(targetOf)]));

	return {
		...{version: undefined, sets: [], maps: [], others: [], rules},
		tables: [{family, name: table, handle: 0, raw: {}}],
		chains: [
			...base,
			...[...others]
				.filter(name => !named.has(name))
				.map(name => ({...{family, table, name, handle: 0, base: undefined}, raw: {}})),
		],
	};
}

function ruleOf({expressions, ...names}: KernelRule): NftRule {
	const kinds = expressions.map(({name}) => name).join(', ');
	const list = `nft \`list table ${names.family} ${names.table}\``;

	return {
		...names,
		comment: `a rule (${kinds}) of a table that ${list} fails on; a newer nftables may list it`,
		expr: statementsOf(expressions).map(withoutSet),
		raw: {},
	};
}

/** Of a set that was not read it is not known either what it does to packets. */
function withoutSet(statement: object): object {
	const {right} = fields(fields(statement)['match']);

	return typeof right === 'string' && right.startsWith('@') ? {unlisted: 'lookup'} : statement;
}

function targetOf(statement: unknown): string[] {
	const {jump, goto} = fields(statement);
	const {target} = fields(jump ?? goto);

	return typeof target === 'string' ? [target] : [];
}

function baseChainOf({family, table, name, hook, devices, policy}: BaseChain): NftChain {
	const base = {type: 'filter', hook, prio: 0, policy, devices};

	return {...{family, table, name, handle: 0, base}, raw: {}};
}
