// SPDX-License-Identifier: MIT
import * as z from 'zod';
import {parsePrefix, prefixForm} from '../prefixes.ts';
import {parsePorts, selectorsMax} from '../selectors.ts';
import {
	contradiction,
	protocols,
	tooFine,
	type SelectionWords,
	type SelectorWords,
} from './selectors.ts';

// Every message is the X of `expected X, got Y`.
const prefix = {error: 'an IPv4 or IPv6 address, or a prefix as in 10.0.0.0/24 or fd00::/64'};

/** An address or a prefix. */
export const address = z
	.string(prefix)
	.regex(prefixForm, {...prefix, abort: true})
	.refine(text => parsePrefix(text) !== undefined, prefix);

/* A list is written by people. */
const listMax = 64;
const anAddressList = {error: `a list of 1 to ${listMax} addresses and prefixes`};
const addresses = z
	.array(address, anAddressList)
	.min(1, anAddressList)
	.max(listMax, anAddressList)
	.optional();

const aPort = {error: 'a port or a range from 1 to 65535, as in 5432 or 8000-8010'};
const port = z.union(
	[
		z.int(aPort).min(1, aPort).max(65_535, aPort),
		z
			.string(aPort)
			.regex(/^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$/, {...aPort, abort: true})
			.refine(text => parsePorts(text) !== undefined, aPort),
	],
	aPort,
);
const aPortList = {error: `a list of 1 to ${listMax} ports and ranges, as in [80, 8000-8010]`};
const ports = z.array(port, aPortList).min(1, aPortList).max(listMax, aPortList).optional();

const names = Object.keys(protocols) as Array<keyof typeof protocols>;
const aProto = {error: `${names.join(', ')} or a number from 1 to 255`};
const proto = z
	.union([z.literal(names, aProto), z.int(aProto).min(1, aProto).max(255, aProto)], aProto)
	.optional();

const anEnd = {error: 'addresses, ports or both'};
const end = z.strictObject({addresses, ports}, anEnd).optional();

const aSelector = {error: 'a selector: proto, addresses and ports, or proto, from and to'};
/* What JSON Schema has no words for, once all else is right. */
const isWhole = ({issues}: {readonly issues: readonly unknown[]}) => issues.length === 0;
const makesSense = z.refine<SelectorWords>(words => contradiction(words) === undefined, {
	when: isWhole,
	error: ({input}) => contradiction(input as SelectorWords) ?? '',
});
const selector = z
	.strictObject({proto, addresses, ports, from: end, to: end}, aSelector)
	.check(makesSense);
const selectors = {error: 'a list of selectors, each proto, addresses and ports, or from and to'};
const list = z.array(selector, selectors).min(1, selectors).max(listMax, selectors).optional();

/** Which packets of the pair are diverted. */
export const selection = {only: list, except: list};

/** So many selectors a rule; JSON Schema has no words for that either. */
export const isCoarse: z.core.CheckFn<SelectionWords> = ({value, issues}) => {
	const fine = issues.length === 0 ? tooFine(value) : undefined;
	if (fine) {
		issues.push({
			code: 'custom',
			input: value,
			path: [fine.where.replace(/\[.*/, '')],
			message: `at most ${selectorsMax} selectors, each address with each range of ports by itself, of which ${fine.where} makes ${fine.makes}`,
		});
	}
};
