// SPDX-License-Identifier: MIT
import type {NftRuleset} from '../nftables-js/index.ts';
import type {Sliceable} from '../slice.ts';
import {fields} from './fields.ts';
import {etherAddress, macNumber, type Literal} from './literal.ts';
import {matchesDevice} from './traffic.ts';
import type {Port} from './types.ts';

/** Ports of the same number get the same answers. */
export type ClassOf = (port: Port) => number;

/**
 * Numbers for classes of ports: no rule can tell two ports of one class apart, as their names, addresses and bridges are
 * either the same or answer alike to whatever the ruleset compares them with.
 */
export function* classifyPorts(ruleset: NftRuleset): Sliceable<ClassOf> {
	const {nameClass, addressClass} = classifiers(yield* mentionsIn(ruleset));
	const numbers = new Map<string, number>();
	const known = new WeakMap<Port, number>();

	return port => {
		const before = known.get(port);
		if (before !== undefined) {
			return before;
		}
		const key = JSON.stringify([
			port.kind,
			nameClass(port.name),
			nameClass(port.bridge),
			addressClass(port.mac),
		]);
		const number = numbers.get(key) ?? numbers.size + 1;

		numbers.set(key, number);
		known.set(port, number);

		return number;
	};
}

/** Everything in a ruleset that names or addresses are compared with, and more: a word too many costs only a class. */
type Mentions = {
	readonly words: Set<string>;
	readonly patterns: Set<string>;
	readonly ranges: Literal<number>[];
	readonly masks: Set<number>;
};

/** So many rules are looked through in less than a millisecond. */
const batch = 100;

function* mentionsIn({rules, sets, maps, chains}: NftRuleset): Sliceable<Mentions> {
	const mentions: Mentions = {
		words: new Set(),
		patterns: new Set(),
		ranges: [],
		masks: new Set(),
	};

	for (const [at, {expr}] of rules.entries()) {
		if (at % batch === batch - 1) {
			yield;
		}
		collect(expr, mentions);
	}
	collect(
		[...sets, ...maps].map(({elements}) => elements),
		mentions,
	);
	collect(
		chains.map(({base}) => base?.devices),
		mentions,
	);

	return mentions;
}

function collect(value: unknown, mentions: Mentions): void {
	if (typeof value === 'string') {
		mentions.words.add(macNumber(value) === undefined ? value : value.toLowerCase());
		if (value.endsWith('*')) {
			mentions.patterns.add(value);
		}
	}
	if (typeof value !== 'object' || value === null) {
		return;
	}
	const range = etherAddress(value);
	const {'&': masked} = fields(value);
	const mask = Array.isArray(masked) ? macNumber(masked[1]) : undefined;

	if (range) {
		mentions.ranges.push(range);
	}
	if (mask !== undefined) {
		mentions.masks.add(mask);
	}
	for (const inner of Object.values(value)) {
		collect(inner, mentions);
	}
}

function classifiers({words, patterns, ranges, masks}: Mentions) {
	return {
		nameClass: (name: string) =>
			words.has(name)
				? name
				: [...patterns].map(pattern => matchesDevice(pattern, name)).map(Number),
		addressClass(mac: string) {
			const address = macNumber(mac);
			if (address === undefined || words.has(mac.toLowerCase())) {
				return mac.toLowerCase();
			}

			return [
				...ranges.map(({is}) => Number(is(address))),
				...[...masks].map(mask => Number(BigInt(address) & BigInt(mask))),
			];
		},
	};
}
