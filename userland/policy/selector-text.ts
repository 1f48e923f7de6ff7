// SPDX-License-Identifier: MIT
import {renderPrefix} from '../prefixes.ts';
import type {End, Selector} from '../selectors.ts';
import {protocols} from './selectors.ts';

/** For people: `tcp port 5432 at either end`, `udp to 10.0.0.0/8 port 53`. */
export function selectorText({proto, isEither, from, to}: Selector): string {
	const name = proto === undefined ? 'any' : protocolName(proto);
	if (isEither) {
		const end = endText(to);

		return end === '' ? name : `${name} ${end} at either end`;
	}
	const parts = [
		['from', endText(from)],
		['to', endText(to)],
	].flatMap(([word, text]) => (text === '' ? [] : [`${word} ${text}`]));

	return [name, ...parts].join(' ');
}

function protocolName(proto: number): string {
	return Object.entries(protocols).find(([, number]) => number === proto)?.[0] ?? String(proto);
}

function endText({prefix, ports}: End): string {
	return [
		...(prefix === undefined ? [] : [prefixText(prefix)]),
		...(ports === undefined ? [] : [portsText(ports)]),
	].join(' ');
}

function prefixText(prefix: NonNullable<End['prefix']>): string {
	const isWhole = prefix.length === (prefix.version === 4 ? 32 : 128);

	return isWhole ? prefix.address : renderPrefix(prefix);
}

function portsText({first, last}: NonNullable<End['ports']>): string {
	return first === last ? `port ${first}` : `ports ${first}-${last}`;
}
