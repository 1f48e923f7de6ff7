// SPDX-License-Identifier: MIT
import {keysOf, plainOf, type NftTable} from './nft-match.ts';
import type {Random} from './random.ts';

/** Makes a set or two, and tells the table of them. */
export function setsOf(random: Random, table: NftTable): string[] {
	return random.several(0, 2, index => {
		const typed = keysOf(table.family).filter(
			({type}) => type !== '' && type !== 'iface_index',
		);
		const fields = random.several(1, random.chance(0.3) ? 2 : 1, () => random.pick(typed));
		const name = `set${index}`;
		const flags = random.weighted([
			[8, ''],
			[2, ' flags interval;'],
			[1, ' flags timeout;'],
			[1, ' flags dynamic;'],
			[1, ' flags constant;'],
		]);
		const element = () =>
			fields
				.map(({values, ranges = []}) =>
					random.pick(
						flags.includes('interval') ? [...values, ...ranges] : plainOf(values),
					),
				)
				.join(' . ');
		const elements = [...new Set(random.several(0, 4, element))];
		table.sets.push({name, key: fields.map(({key}) => key).join(' . ')});
		const list = elements.length > 0 ? ` elements = { ${elements.join(', ')} };` : '';

		return `add set ${table.at} ${name} { type ${fields.map(({type}) => type).join(' . ')};${flags}${list} }`;
	});
}
