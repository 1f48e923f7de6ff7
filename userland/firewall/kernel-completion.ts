// SPDX-License-Identifier: MIT
import type {NftChain, NftFamily, NftRule, NftRuleset, NftSet} from '../nftables-js/index.ts';
import type {Sliceable} from '../slice.ts';
import {fields} from './fields.ts';
import {attributes, text} from './kernel-attributes.ts';
import {jumpOf, statementsOf, type KernelExpression} from './kernel-expressions.ts';
import {identity, type KernelRule} from './kernel-rules.ts';
import {parsePhysdev} from './physdev.ts';
import {keyOf} from './ruleset-index.ts';
import {parseMac, parsePacketType} from './xt.ts';

/** Numbers of linux/netfilter/nf_tables.h. */
const matchAttributes = {name: 1, info: 3} as const;
const dynsetAttributes = {set: 1} as const;

/**
 * Completes what libnftables shows by what the kernel has: the options of iptables' matches, and rules and expressions of
 * a newer nft, which an older library leaves out. Undefined if the two were not read from the same ruleset.
 */
export function* withKernelRules(
	ruleset: NftRuleset,
	kernelRules: readonly KernelRule[],
): Sliceable<NftRuleset | undefined> {
	const listed = new Map(ruleset.rules.map(rule => [identity(rule), rule]));
	const named = new Set(ruleset.chains.map(chain => keyOf(chain, chain.name)));
	const anonymous = anonymousChains(kernelRules.filter(rule => !named.has(chainOf(rule))));
	const rules: NftRule[] = [];

	for (const [at, rule] of kernelRules.entries()) {
		if (at % batch === batch - 1) {
			yield;
		}
		if (named.has(chainOf(rule))) {
			rules.push(complete(listed.get(identity(rule)) ?? unlisted(rule), rule.expressions));
		} else if (anonymous.has(chainOf(rule))) {
			rules.push(ofAnonymous(rule));
		}
	}
	const found = new Set(rules.map(identity));
	const {sets, maps} = withDynamicSets(ruleset, kernelRules);
	const chains = [...ruleset.chains, ...anonymous.values()];

	return [...listed.keys()].every(key => found.has(key))
		? {...ruleset, chains, rules, sets, maps}
		: undefined;
}

/** So many rules are completed in less than a millisecond. */
const batch = 50;

function chainOf(rule: KernelRule): string {
	return keyOf(rule, rule.chain);
}

/** Chains of one rule each (`jump { ... }`), which libnftables lists with that rule, as text. */
function anonymousChains(rules: readonly KernelRule[]): ReadonlyMap<string, NftChain> {
	const chains = rules
		.filter(({chain}) => chain.startsWith('__chain'))
		.map(rule => {
			const {family, table, chain: name} = rule;

			return [
				chainOf(rule),
				{family, table, name, handle: 0, base: undefined, raw: {}},
			] as const;
		});

	return new Map(chains);
}

function ofAnonymous({expressions, ...names}: KernelRule): NftRule {
	return {...names, comment: undefined, expr: statementsOf(expressions), raw: {}};
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
	const jump = jumpOf(expressions);
	const isShown = unknown.every(({name}) => name === 'inner' && shows(rule, '"tunnel":'));
	const shown = rule.expr.filter(isXtMatch).length;
	/* Of a jump to a chain without a name there is only a text. */
	const statements = rule.expr.map(each => (typeof each === 'string' ? (jump ?? each) : each));
	const expr = isShown
		? statements
		: [{unlisted: unknown.map(({name}) => name).join()}, ...statements];
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
