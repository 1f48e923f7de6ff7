// SPDX-License-Identifier: MIT
import {addressBytes} from '../prefixes.ts';
import type {End} from '../selectors.ts';
import type {Values} from './attributes.ts';
import {type endAttributes, selectorLists, type selectorsAttributes} from './constants.ts';
import type {PeerSelectors} from './kernel.ts';

/** The attributes of a peer's selectors. */
export function selectorsValues({id, list}: PeerSelectors): Values<typeof selectorsAttributes> {
	return {
		id,
		selector: list.map(({list: name, selector: {proto, isEither, from, to}}) => ({
			list: selectorLists.indexOf(name),
			proto,
			...(isEither && {either: true}),
			from: endValues(from),
			to: endValues(to),
		})),
	};
}

function endValues({prefix, ports}: End): Values<typeof endAttributes> | undefined {
	if (prefix === undefined && ports === undefined) {
		return undefined;
	}
	const bytes = prefix && addressBytes(prefix);

	return {
		...(prefix?.version === 4 ? {ipv4: bytes} : {ipv6: bytes}),
		prefix: prefix?.length,
		portMin: ports?.first,
		portMax: ports?.last,
	};
}
