// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {changesBetween} from '../../../userland/policy/compare.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {renderPolicy} from '../../../userland/policy/render.ts';
import {tracePair} from '../../../userland/policy/trace.ts';
import {parsePrefix} from '../../../userland/prefixes.ts';
import {hostSilence} from '../../../userland/policy/silence.ts';
import type {Policy, Who} from '../../../userland/policy/types.ts';
import {anyName, tagName} from '../../../userland/policy/who.ts';

const source = {file: 'x.yaml', line: 1, column: 1};
const name = fc
	.oneof(
		fc.string({minLength: 1, maxLength: 12, unit: 'grapheme'}),
		fc.constantFrom(
			'*',
			'a*',
			'7',
			'null',
			'a: b',
			'a #b',
			'[x',
			'- a',
			"'",
			'"',
			' a ',
			'~',
			'yes',
			'1e3',
			'\u00A0a',
			'a\u3000',
			'uuid: x',
			'!t',
			'&a',
			'%',
			'@',
			'`',
			'{}',
			'|',
			'>',
			'?',
			',',
		),
	)
	.filter(text => anyName.test(text));
const who: fc.Arbitrary<Who> = fc.oneof(
	name,
	name.map(each => ({name: each})),
	fc.uuid().map(uuid => ({uuid})),
	fc.stringMatching(tagName).map(tag => ({tag})),
	fc.constantFrom('dom0', 'any-guest'),
);
const member = who.filter(each => typeof each === 'string' || !('tag' in each));
const action = fc.constantFrom('allow' as const, 'deny' as const);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, {nil: undefined});
const options = fc.record({
	ringPages: fc.constantFrom(undefined, 256, 512),
	ringPagesMin: fc.constantFrom(undefined, 32, 64),
	queues: fc.constantFrom(undefined, 1, 8),
	idleTimeoutS: optional(fc.integer({min: 10, max: 86_400})),
	isOnDemand: optional(fc.boolean()),
	isAudit: optional(fc.boolean()),
});
const none = {ringPages: undefined, ringPagesMin: undefined, queues: undefined};
const pair = fc.tuple(action, who, who, options).map(([act, one, other, more]) => ({
	...{action: act, between: [one, other] as [Who, Who], source},
	...(act === 'allow' ? more : none),
}));
const accept = fc
	.tuple(action, who, options, optional(fc.integer({min: 0, max: 1000})))
	.map(([act, peer, more, busyPollUs]) => ({
		...{action: act, peer, source},
		...(act === 'allow' ? {...more, busyPollUs} : {...none, busyPollUs: undefined}),
	}));
const prefix = fc.constantFrom(
	'10.0.0.1',
	'10.1.0.0/24',
	'0.0.0.0/0',
	'fd00::1',
	'fd00:a::/64',
	'::/0',
);
const limits = fc
	.record({
		domain: who,
		rate: optional(
			fc.oneof(fc.integer({min: 8000, max: 4e11}), fc.constantFrom(1e6, 15e8, 8e3)),
		),
		addresses: optional(fc.uniqueArray(prefix)),
		guards: fc.uniqueArray(fc.constantFrom('dhcp' as const, 'ra' as const)),
	})
	.filter(({rate, addresses, guards}) => (rate ?? addresses ?? guards[0]) !== undefined)
	.map(({domain, rate, addresses, guards}) => ({
		...{action: 'deny' as const, domain, source},
		limits: {
			...{rate, guards},
			addresses: addresses?.flatMap(text => parsePrefix(text) ?? []),
		},
	}));
const policy: fc.Arbitrary<Policy> = fc.record({
	limits: fc.array(limits, {minLength: 1, maxLength: 3}),
	pairs: fc.array(pair, {maxLength: 5}),
	accept: fc.array(accept, {maxLength: 5}),
	hostSilence: optional(
		fc.record({
			seconds: fc.oneof(
				fc.integer({min: hostSilence.min, max: hostSilence.max}),
				fc.constant('never' as const),
			),
			source: fc.constant(source),
		}),
	),
	memory: optional(
		fc.record({mib: fc.integer({min: 1, max: 65_536}), source: fc.constant(source)}),
	),
	tags: fc.uniqueArray(
		fc.record({
			tag: fc.stringMatching(tagName),
			members: fc.array(member, {maxLength: 3}),
			source: fc.constant(source),
		}),
		{selector: ({tag}) => tag, maxLength: 3},
	),
});

/** Without places, and what is undefined. */
const plain = (value: unknown) =>
	JSON.parse(JSON.stringify(value, (key, each) => (key === 'source' ? undefined : each)));

/** Keys that are numbers come first in a map, whatever the file has. */
const ordered = ({tags = [], ...rest}: Policy) => ({
	...rest,
	tags: [...tags].sort((one, other) => (one.tag < other.tag ? -1 : 1)),
});

test('any policy is read back as it was written', t => {
	t.notThrows(() =>
		fc.assert(
			fc.property(policy, each => {
				const back = parsePolicy(renderPolicy(each), 'y.yaml');
				t.deepEqual(plain(ordered(back)), plain(ordered(each)));
				t.deepEqual(changesBetween(ordered(each), ordered(back)), []);
			}),
			{numRuns: 1000},
		),
	);
});

const read = (rules: string) => parsePolicy(`version: 1\npairs:\n${rules}`, 'x.yaml');
const changed = (before: string, after: string) =>
	changesBetween(read(before), read(after)).map(({sign, text}) => `${sign} ${text}`);

test('changes are the fewest, and what moved is told as gone and come', t => {
	const [a, b, c] = ['a', 'b', 'c'].map(each => `  - allow: [${each}, x]\n`);
	t.deepEqual(changed(`${a}${b}${c}`, `${a}${c}`), ['- allow [b, x]']);
	t.deepEqual(changed(`${a}${c}`, `${a}${b}${c}`), ['+ allow [b, x]']);
	t.deepEqual(changed(`${a}${b}${c}`, `${c}${a}${b}`), ['- allow [c, x]', '+ allow [c, x]']);
	t.deepEqual(changed(`${a}${b}`, `${a}    queues: 1\n${b}`), [
		'- allow [a, x]',
		'+ allow [a, x], queues: 1',
	]);
});

test('changes of limits and of tags that no file fills are told', t => {
	const text = (rate: string) =>
		`  - allow: [a, x]\nlimits:\n  - domain: {tag: web}\n    addresses: [10.0.0.1, fd00::/64]\n    rate: ${rate}\n    guards: [ra]\n`;
	t.deepEqual(changed(text('1.5 Gbit/s'), text('100 kbit/s')), [
		'- {tag: web}, addresses: [10.0.0.1/32, fd00::/64], rate: 1500 Mbit/s, guards: [ra]',
		'+ {tag: web}, addresses: [10.0.0.1/32, fd00::/64], rate: 100 kbit/s, guards: [ra]',
	]);
	t.deepEqual(changed(text('1.5 Gbit/s'), text('1500 Mbit/s')), []);
	const tagged = (tags: string) => `  - allow: [a, x]\ntags:\n  web: ${tags}\n`;
	t.deepEqual(changed(tagged('[a]'), tagged('[]')), ['- web: "a"', '+ web: []']);
});

test('a trace has the rules before the one that decides, of which each names one of the two', t => {
	const rules = read(
		"  - deny: [q, r]\n  - deny: [a, r]\n  - deny: ['*', z]\n  - allow: [a, b]\n  - deny: [a, b]\n",
	);
	const {action: verdict, passed, before} = tracePair(rules, {name: 'a'}, {name: 'b'});
	t.deepEqual([verdict, before, passed.map(({source: {line}}) => line)], ['allow', 3, [4, 5]]);
});
