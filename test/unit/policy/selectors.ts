// SPDX-License-Identifier: MIT
import test from 'ava';
import {selectorText} from '../../../userland/policy/selector-text.ts';
import {
	compileSelection,
	contradiction,
	tooFine,
	type SelectorWords,
} from '../../../userland/policy/selectors.ts';

function only(words: readonly SelectorWords[]): string[] {
	return (compileSelection({only: words})?.only ?? []).map(selectorText);
}

const compiled: ReadonlyArray<readonly [string, readonly SelectorWords[], readonly string[]]> = [
	['a port', [{proto: 'tcp', ports: [5432]}], ['tcp port 5432 at either end']],
	['a port of any protocol', [{ports: ['80-90']}], ['any ports 80-90 at either end']],
	['a protocol', [{proto: 'esp'}, {proto: 200}], ['esp', '200']],
	['one way', [{proto: 17, to: {ports: [53]}}], ['udp to port 53']],
	[
		'ports that touch',
		[{ports: [82, 80, '84-90', 81, '88-99']}, {ports: [83]}],
		['any ports 80-99 at either end'],
	],
	[
		'halves of a prefix',
		[{addresses: ['10.0.0.0/25', '10.0.1.0/24', '10.0.0.128/25', '10.0.0.7']}],
		['any 10.0.0.0/23 at either end'],
	],
	[
		'halves that are none',
		[{addresses: ['10.0.1.0/24', '10.0.2.0/24']}],
		['any 10.0.1.0/24 at either end', 'any 10.0.2.0/24 at either end'],
	],
	[
		'what another has',
		[{proto: 'tcp', ports: [80]}, {proto: 'tcp'}, {proto: 'tcp', to: {ports: [80]}}],
		['tcp', 'tcp to port 80'],
	],
	[
		'each version of IP by itself',
		[{from: {addresses: ['10.0.0.1', 'fd00::1']}, to: {addresses: ['fd00::2', '10.0.0.2']}}],
		['any from 10.0.0.1 to 10.0.0.2', 'any from fd00::1 to fd00::2'],
	],
	[
		'both ends',
		[{proto: 'sctp', from: {addresses: ['10.0.0.0/8'], ports: [1]}, to: {ports: ['2-3']}}],
		['sctp from 10.0.0.0/8 port 1 to ports 2-3'],
	],
];

for (const [title, words, texts] of compiled) {
	test(`compiled: ${title}`, t => {
		t.deepEqual(only(words), texts);
	});
}

test('a rule without selectors has none', t => {
	t.is(compileSelection({}), undefined);
	t.deepEqual(compileSelection({except: [{proto: 'tcp'}]})?.only, []);
});

test('what contradicts itself is told', t => {
	t.regex(contradiction({}) ?? '', /^proto, addresses/);
	t.regex(contradiction({proto: 'icmp', ports: [1]}) ?? '', /^ports only with tcp/);
	t.regex(contradiction({proto: 50, to: {ports: [1]}}) ?? '', /^ports only with tcp/);
	t.regex(contradiction({ports: [1], to: {ports: [2]}}) ?? '', /either way, or from/);
	t.regex(
		contradiction({from: {addresses: ['10.0.0.1']}, to: {addresses: ['fd00::']}}) ?? '',
		/one version of IP/,
	);
	t.is(contradiction({proto: 6, from: {}, to: {ports: [1]}}), undefined);
});

test('at most 16 selectors, and who makes most', t => {
	const odd = (count: number) => Array.from({length: count}, (_, index) => 2 * index + 1);
	t.is(tooFine({only: [{ports: odd(16)}]}), undefined);
	t.deepEqual(tooFine({only: [{ports: odd(17)}]}), {where: 'only[0]', makes: 17});
	t.deepEqual(tooFine({only: [{ports: odd(8)}], except: [{ports: odd(9)}]}), {
		where: 'except[0]',
		makes: 9,
	});
	const addresses = odd(64).map(each => `10.0.0.${each}`);
	t.is(tooFine({only: [{from: {addresses}, to: {addresses, ports: odd(64)}}]})?.makes, 64 ** 3);
});
