// SPDX-License-Identifier: MIT
import {renderPrefix} from '../prefixes.ts';
import type {End, Selector} from '../selectors.ts';
import {compileSelection, protocols, type SelectionWords} from './selectors.ts';

/** What a rule's words come to, each as a sentence with `only: ` or `except: ` before it; none: all. */
export function selectionTexts(words: SelectionWords): string[] {
	const {only, except} = compileSelection(words) ?? {only: [], except: []};

	return [
		...only.map(each => `only: ${selectorText(each)}`),
		...except.map(each => `except: ${selectorText(each)}`),
	];
}

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
