// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {guards, parseLimits, renderLimits} from '../../userland/limits.ts';
import {parsePrefix, type Prefix} from '../../userland/prefixes.ts';

const wellFormed = [
	'rate:8000',
	'rate:400000000000',
	'from:-',
	'from:10.0.0.0/8',
	'from:10.0.0.1/32,fd00::/64',
	'no:dhcp',
	'no:dhcp,ra',
	'rate:1000000;from:10.0.0.1/32;no:ra',
];

for (const text of wellFormed) {
	test(`limits: ${text}`, t => {
		const limits = parseLimits(text);
		t.is(limits && renderLimits(limits), text);
	});
}

const malformed = [
	...[
		'',
		';',
		'rate:',
		'rate:0',
		'rate:7999',
		'rate:400000000001',
		'rate:1e9',
		'rate: 9000',
		'rate:08000',
	],
	...[
		'from:',
		'from:10.0.0.0/33',
		'from:10.0.0',
		'from:x',
		'from:fe80::1%eth0',
		'from:-,10.0.0.1',
		'from:10.0.0.1,',
	],
	...[
		'no:',
		'no:arp',
		'no:dhcp,',
		'no:dhcp;rate:8000',
		'from:-;rate:8000',
		'rate:8000;rate:8000',
		'x:1',
		'rate:8000;',
	],
	`from:${Array.from({length: 17}, (_, i) => `10.0.0.${i}`)}`,
];

for (const text of malformed) {
	test(`no limits: ${text.slice(0, 60)}`, t => {
		t.is(parseLimits(text), undefined);
	});
}

const prefix = fc
	.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128)))
	.map(([address, length]) => parsePrefix(`${address}/${length}`))
	.filter((each): each is Prefix => each !== undefined);

test('what is said is what is heard', t => {
	const limits = fc.record({
		rate: fc.option(fc.integer({min: 8000, max: 400_000_000_000}), {nil: undefined}),
		addresses: fc.option(fc.array(prefix, {maxLength: 16}), {nil: undefined}),
		guards: fc.subarray([...guards]),
	});

	fc.assert(
		fc.property(limits, each => {
			const text = renderLimits(each);
			t.deepEqual(parseLimits(text), text === '' ? undefined : each);
		}),
	);
	fc.assert(fc.property(fc.string(), text => void parseLimits(text)));
	t.pass();
});

const prefixes: ReadonlyArray<readonly [text: string, is: string | undefined]> = [
	['10.0.0.1', '10.0.0.1/32'],
	['10.0.0.1/24', '10.0.0.0/24'],
	['0.0.0.0/0', '0.0.0.0/0'],
	['fd00::1', 'fd00::1/128'],
	['FD00::1/64', 'fd00::/64'],
	['::/0', '::/0'],
	['::ffff:10.0.0.1', '::ffff:a00:1/128'],
	['10.0.0.256', undefined],
	['10.0.0', undefined],
	['10.0.0.1/33', undefined],
	['010.0.0.1', undefined],
	['fd00::1/129', undefined],
	['fd00:::1', undefined],
	['fe80::1%eth0', undefined],
	['localhost', undefined],
	['', undefined],
];

for (const [text, is] of prefixes) {
	test(`prefix: ${JSON.stringify(text)}`, t => {
		const parsed = parsePrefix(text);
		t.is(parsed && `${parsed.address}/${parsed.length}`, is);
	});
}
