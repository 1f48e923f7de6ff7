// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {parsePrefix, type Prefix} from '../../userland/prefixes.ts';
import {parseSelectors, renderSelectors, type Selector} from '../../userland/selectors.ts';

for (const text of [
	'6,e,-,-,-,5432-5432',
	'-,o,10.0.0.0/8,-,10.0.0.1/32,1-65535',
	'132,o,fd00::/64,80-90,-,-;17,e,-,-,fd00::1/128,-',
]) {
	test(`selectors: ${text}`, t => {
		const selectors = parseSelectors(text);
		t.is(selectors && renderSelectors(selectors), text);
	});
}

for (const text of [
	'',
	';',
	'6',
	'6,e,-,-,-',
	'6,e,-,-,-,-,-',
	'0,e,-,-,-,-',
	'256,e,-,-,-,-',
	'06,e,-,-,-,-',
	'tcp,e,-,-,-,-',
	'6,b,-,-,-,-',
	'6,e,-,0-9,-,-',
	'6,e,-,9-8,-,-',
	'6,e,-,1-65536,-,-',
	'6,e,-,,-,-',
	'6,e,10.0.0.256/32,-,-,-',
	'6,e,10.0.0.0/33,-,-,-',
	'6,o,10.0.0.1/32,-,fd00::1/128,-',
	'6,e,-,-,-,-;',
	Array(17).fill('6,e,-,-,-,-').join(';'),
]) {
	test(`no selectors: ${text.slice(0, 40)}`, t => {
		t.is(parseSelectors(text), undefined);
	});
}

test('any selectors come back as they were told', t => {
	const prefix = (version: 4 | 6) =>
		fc
			.tuple(version === 4 ? fc.ipV4() : fc.ipV6(), fc.nat(version === 4 ? 32 : 128))
			.map(([address, length]) => parsePrefix(`${address}/${length}`))
			.filter((each): each is Prefix => each !== undefined);
	const ports = fc
		.tuple(fc.integer({min: 1, max: 65_535}), fc.integer({min: 1, max: 65_535}))
		.map(([one, other]) => ({first: Math.min(one, other), last: Math.max(one, other)}));
	const end = (version: 4 | 6) =>
		fc.record({
			prefix: fc.option(prefix(version), {nil: undefined}),
			ports: fc.option(ports, {nil: undefined}),
		});
	const selector = fc.constantFrom(4 as const, 6 as const).chain(version =>
		fc.record({
			proto: fc.option(fc.integer({min: 1, max: 255}), {nil: undefined}),
			isEither: fc.boolean(),
			from: end(version),
			to: end(version),
		}),
	);
	t.notThrows(() =>
		fc.assert(
			fc.property(
				fc.array<Selector>(selector, {minLength: 1, maxLength: 16}),
				selectors =>
					JSON.stringify(parseSelectors(renderSelectors(selectors))) ===
					JSON.stringify(selectors),
			),
		),
	);
});
