// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {NftablesError, parseRuleset} from '../../../userland/nftables-js/index.ts';

const ruleset = (...objects: unknown[]) => JSON.stringify({nftables: objects});
const id = {family: 'netdev', table: 't', handle: 1};

test('nothing printed is an empty ruleset', t => {
	t.deepEqual(parseRuleset('\n').rules, []);
});

test('devices are told in every form of every version', t => {
	const chain = {...id, name: 'c', type: 'filter', hook: 'ingress', prio: 0, policy: 'accept'};
	const devices = (dev?: unknown) =>
		parseRuleset(ruleset({chain: {...chain, ...(dev === undefined ? {} : {dev})}})).chains[0]
			?.base?.devices;

	t.is(devices(), undefined);
	t.deepEqual(devices('eth0'), ['eth0']);
	t.deepEqual(devices(['eth0', 'eth1']), ['eth0', 'eth1']);
});

test('what is not known is kept', t => {
	const {rules, others} = parseRuleset(
		ruleset({rule: {...id, chain: 'c', expr: [{frobnicate: 1}]}}, {gadget: {a: 1}}),
	);

	t.deepEqual(rules[0]?.expr, [{frobnicate: 1}]);
	t.deepEqual(others, [{gadget: {a: 1}}]);
});

const wrong: readonly (readonly [text: string, message: string])[] = [
	['{', 'output: expected JSON, got {'],
	['[]', 'output: expected an object, got []'],
	['{}', 'nftables: expected a list, got undefined'],
	[ruleset(1), 'nftables[0]: expected an object, got 1'],
	[
		ruleset({table: {family: 'x', name: 't', handle: 1}}),
		'nftables[0].family: expected a family, got "x"',
	],
	[ruleset({rule: {...id}}), 'nftables[0].chain: expected a string, got undefined'],
	[ruleset({rule: {...id, chain: 'c', expr: 7}}), 'nftables[0].expr: expected a list, got 7'],
];

for (const [text, message] of wrong) {
	test(`refused: ${text}`, t => {
		t.throws(() => parseRuleset(text), {instanceOf: NftablesError, message});
	});
}

test('any JSON is a ruleset or a typed error', t => {
	const name = fc.constantFrom(
		'table',
		'chain',
		'rule',
		'set',
		'map',
		'metainfo',
		'add',
		'other',
	);
	const object = fc.dictionary(name, fc.jsonValue(), {maxKeys: 2});

	t.notThrows(() =>
		fc.assert(
			fc.property(fc.array(object), objects => {
				try {
					parseRuleset(ruleset(...objects));
				} catch (error) {
					if (!(error instanceof NftablesError)) {
						throw error;
					}
				}
			}),
			{numRuns: 3000},
		),
	);
});
