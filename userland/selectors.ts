// SPDX-License-Identifier: MIT
import {parsePrefix, renderPrefix, type Prefix} from './prefixes.ts';

/** From one to the other, both included; 1 to 65535. */
export type Ports = {readonly first: number; readonly last: number};

/** Where a packet comes from, or goes to; what is undefined is anything. */
export type End = {readonly prefix: Prefix | undefined; readonly ports: Ports | undefined};

/** Some packets. Ports of no `proto` are those of any protocol that has ports. */
export type Selector = {
	/** As IP numbers them. */
	readonly proto: number | undefined;
	/** Packets from `to` to `from` are meant, too. */
	readonly isEither: boolean;
	readonly from: End;
	readonly to: End;
};

/** Which packets of a pair are diverted: one of `only` where there are any, none of `except`. */
export type Selection = {
	readonly only: readonly Selector[];
	readonly except: readonly Selector[];
};

/** Of one policy's rule; the module takes those of two. */
export const selectorsMax = 16;

export const anyEnd: End = {prefix: undefined, ports: undefined};

const none = '-';

/** `<proto>,<e|o>,<prefix>,<ports>,<prefix>,<ports>` each, `;` between; `-` is anything, `e` either way, `o` one. */
export function renderSelectors(selectors: readonly Selector[]): string {
	return selectors
		.map(({proto, isEither, from, to}) =>
			[proto ?? none, isEither ? 'e' : 'o', ...renderEnd(from), ...renderEnd(to)].join(),
		)
		.join(';');
}

/** Undefined for what does not parse: then there may be no channel, as nobody knows what was left out. */
export function parseSelectors(text: string): Selector[] | undefined {
	const selectors = text.split(';').map(parseSelector);
	const isWhole = selectors.every(each => each !== undefined);

	return isWhole && selectors.length <= selectorsMax ? selectors : undefined;
}

function renderEnd({prefix, ports}: End): string[] {
	return [
		prefix === undefined ? none : renderPrefix(prefix),
		ports === undefined ? none : `${ports.first}-${ports.last}`,
	];
}

function parseSelector(text: string): Selector | undefined {
	const match = /^(-|[1-9]\d{0,2}),([eo]),([^,]+),([^,]+),([^,]+),([^,]+)$/.exec(text);
	const [, protoText = '', way, fromPrefix = '', fromPorts = '', toPrefix = '', toPorts = ''] =
		match ?? [];
	const [from, to] = [parseEnd(fromPrefix, fromPorts), parseEnd(toPrefix, toPorts)];
	const proto = protoText === none ? undefined : Number(protoText);
	if (!match || !from || !to || (proto ?? 1) > 255) {
		return undefined;
	}

	return isOneVersion(from, to) ? {proto, isEither: way === 'e', from, to} : undefined;
}

function parseEnd(prefixText: string, portsText: string): End | undefined {
	const prefix = prefixText === none ? undefined : parsePrefix(prefixText);
	const ports = portsText === none ? undefined : parsePorts(portsText);
	const isWhole =
		(prefixText === none || prefix !== undefined) &&
		(portsText === none || ports !== undefined);

	return isWhole ? {prefix, ports} : undefined;
}

/** `5432` or `8000-8010`. */
export function parsePorts(text: string): Ports | undefined {
	const match = /^([1-9]\d{0,4})(?:-([1-9]\d{0,4}))?$/.exec(text);
	const first = Number(match?.[1] ?? 0);
	const last = Number(match?.[2] ?? first);

	return match && first <= last && last <= 65_535 ? {first, last} : undefined;
}

/** Whether a packet may go from one to the other. */
export function isOneVersion({prefix: from}: End, {prefix: to}: End): boolean {
	return from === undefined || to === undefined || from.version === to.version;
}
