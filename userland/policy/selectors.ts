// SPDX-License-Identifier: MIT
import {joinPrefixes, parsePrefix, type Prefix} from '../prefixes.ts';
import {
	anyEnd,
	isOneVersion,
	parsePorts,
	selectorsMax,
	type End,
	type Ports,
	type Selection,
	type Selector,
} from '../selectors.ts';

/** As a file has one end. */
type EndWords = {
	readonly addresses?: readonly string[] | undefined;
	readonly ports?: ReadonlyArray<number | string> | undefined;
};

/** As a file has it: either way with what both ends may be, or one way, from and to. */
export type SelectorWords = EndWords & {
	readonly proto?: string | number | undefined;
	readonly from?: EndWords | undefined;
	readonly to?: EndWords | undefined;
};

export type SelectionWords = {
	readonly only?: readonly SelectorWords[] | undefined;
	readonly except?: readonly SelectorWords[] | undefined;
};

/** Those that people call by name, as IANA numbers them. */
export const protocols = {
	icmp: 1,
	tcp: 6,
	udp: 17,
	dccp: 33,
	gre: 47,
	esp: 50,
	ah: 51,
	icmpv6: 58,
	sctp: 132,
	udplite: 136,
} as const;

const withPorts: ReadonlySet<number> = new Set([6, 17, 33, 132, 136]);

export function protocolNumber(proto: string | number): number | undefined {
	return typeof proto === 'number'
		? proto
		: Object.entries(protocols).find(([name]) => name === proto)?.[1];
}

/** As TCP has them. */
export function hasPorts(proto: number): boolean {
	return withPorts.has(proto);
}

/** What a rule's words come to: as few selectors as say the same. Undefined where it has none. */
export function compileSelection({only, except}: SelectionWords): Selection | undefined {
	return only === undefined && except === undefined
		? undefined
		: {only: compileAll(only ?? []), except: compileAll(except ?? [])};
}

/** What nobody can mean, as the X of `expected X`; undefined for what makes sense. */
export function contradiction(words: SelectorWords): string | undefined {
	const {proto, addresses, ports, from, to} = words;
	const number = proto === undefined ? undefined : protocolNumber(proto);
	if (Object.keys(words).length === 0) {
		return 'proto, addresses, ports, from or to';
	}
	if ((addresses ?? ports) !== undefined && (from ?? to) !== undefined) {
		return 'addresses and ports either way, or from and to for one';
	}
	if (number !== undefined && !hasPorts(number) && (ports ?? from?.ports ?? to?.ports)) {
		return 'ports only with tcp, udp, sctp, dccp, udplite or no proto';
	}

	return compileOne(words).length === 0
		? 'from and to with addresses of one version of IP'
		: undefined;
}

/** The word whose selectors are too many, `only[2]`, with how many it makes; undefined where they are few enough. */
export function tooFine(words: SelectionWords): {where: string; makes: number} | undefined {
	const {only, except} = compileSelection(words) ?? {only: [], except: []};
	if (only.length + except.length <= selectorsMax) {
		return undefined;
	}
	const counts = (['only', 'except'] as const).flatMap(key =>
		(words[key] ?? []).map((each, index) => ({
			where: `${key}[${index}]`,
			makes: compileOne(each).length,
		})),
	);

	return counts.reduce((most, each) => (each.makes > most.makes ? each : most));
}

function compileAll(words: readonly SelectorWords[]): Selector[] {
	return merge(words.flatMap(compileOne), joinSelectors);
}

function compileOne({proto, from, to, ...both}: SelectorWords): Selector[] {
	const number = proto === undefined ? undefined : protocolNumber(proto);
	const isEither = from === undefined && to === undefined;
	const sources = isEither ? [anyEnd] : endsOf(from ?? {});
	const destinations = endsOf(isEither ? both : (to ?? {}));

	return sources.flatMap(one =>
		destinations
			.filter(other => isOneVersion(one, other))
			.map(other => ({proto: number, isEither, from: one, to: other})),
	);
}

function endsOf({addresses, ports}: EndWords): End[] {
	const prefixes = addresses && mergePrefixes(addresses.flatMap(text => parsePrefix(text) ?? []));
	const ranges = ports && mergePorts(ports.flatMap(each => parsePorts(String(each)) ?? []));

	return (prefixes ?? [undefined]).flatMap(prefix =>
		(ranges ?? [undefined]).map(range => ({prefix, ports: range})),
	);
}

function mergePrefixes(prefixes: readonly Prefix[]): Prefix[] {
	return merge(prefixes, joinPrefixes);
}

function mergePorts(ports: readonly Ports[]): Ports[] {
	return merge(ports, joinPorts);
}

/** More say nothing that would fit: they are too many as they are, and comparing takes their square. */
const mergedMost = 256;

/** Joins what can be joined, until nothing can. */
function merge<T>(parts: readonly T[], join: (one: T, other: T) => T | undefined): T[] {
	const merged: T[] = [];
	if (parts.length > mergedMost) {
		return [...parts];
	}
	for (let part of parts) {
		for (let index = 0; index < merged.length;) {
			const joined = join(merged[index] as T, part);
			if (joined === undefined) {
				index++;
			} else {
				part = joined;
				merged.splice(index, 1);
				/* What it has become may touch those before. */
				index = 0;
			}
		}
		merged.push(part);
	}

	return merged;
}

function joinPorts(one: Ports, other: Ports): Ports | undefined {
	const isApart = one.last + 1 < other.first || other.last + 1 < one.first;

	return isApart
		? undefined
		: {first: Math.min(one.first, other.first), last: Math.max(one.last, other.last)};
}

/** Two that differ in one part only, where that can be joined, or of which one is within the other. */
function joinSelectors(one: Selector, other: Selector): Selector | undefined {
	if (one.proto !== other.proto || one.isEither !== other.isEither) {
		return undefined;
	}
	const {proto, isEither} = one;
	const [from, to] = [joinEnds(one.from, other.from), joinEnds(one.to, other.to)];
	if (isSameEnd(one.from, other.from)) {
		return to && {proto, isEither, from: one.from, to};
	}

	return isSameEnd(one.to, other.to) && from ? {proto, isEither, from, to: one.to} : undefined;
}

function joinEnds(one: End, other: End): End | undefined {
	const prefix = joinOptional(one.prefix, other.prefix, joinPrefixes);
	const ports = joinOptional(one.ports, other.ports, joinPorts);
	if (isSamePart(one.prefix, other.prefix)) {
		return ports && {prefix: one.prefix, ports: ports.joined};
	}

	return isSamePart(one.ports, other.ports) && prefix
		? {prefix: prefix.joined, ports: one.ports}
		: undefined;
}

/** Anything, joined with some, is anything. */
function joinOptional<T>(
	one: T | undefined,
	other: T | undefined,
	join: (one: T, other: T) => T | undefined,
): {readonly joined: T | undefined} | undefined {
	if (one === undefined || other === undefined) {
		return {joined: undefined};
	}
	const joined = join(one, other);

	return joined && {joined};
}

function isSameEnd(one: End, other: End): boolean {
	return isSamePart(one.prefix, other.prefix) && isSamePart(one.ports, other.ports);
}

function isSamePart(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}
