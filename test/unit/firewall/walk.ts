// SPDX-License-Identifier: MIT
import test from 'ava';
import {compileRuleset} from '../../../userland/firewall/compile.ts';
import {indexRuleset, keyOf} from '../../../userland/firewall/ruleset-index.ts';
import {visits} from '../../../userland/firewall/traffic.ts';
import {findReached} from '../../../userland/firewall/reach.ts';
import {findObstacle} from '../../../userland/firewall/walk.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {atOnce} from '../../../userland/slice.ts';
import {vifA, vifB} from './_fixtures.ts';

type Rules = Readonly<Record<string, readonly (readonly object[])[]>>;

const some = {match: {op: '==', left: {payload: {protocol: 'tcp', field: 'dport'}}, right: 22}};
const never = {match: {op: '==', left: {meta: {key: 'iifname'}}, right: 'eth0'}};
const [accept, drop, back] = [{accept: null}, {drop: null}, {return: null}];
const jump = (target: string) => ({jump: {target}});
const goto = (target: string) => ({goto: {target}});
const place = {family: 'bridge', table: 'f'} as const;

/** Chains by name, of which `base` is where frames enter; what becomes of those from one guest to another. */
function walk(rules: Rules, policy = 'accept') {
	const base = {type: 'filter', hook: 'forward', prio: 0, policy};
	const objects = Object.entries(rules).flatMap(([name, exprs], at) => [
		{chain: {...place, name, handle: 100 * (at + 1), ...(name === 'base' && base)}},
		...exprs.map((expr, index) => ({
			rule: {...place, chain: name, handle: 100 * (at + 1) + index + 1, expr},
		})),
	]);
	const text = JSON.stringify({
		nftables: [{table: {family: 'bridge', name: 'f', handle: 1}}, ...objects],
	});
	const work = {walks: 0, rules: 0};
	const find = atOnce(compileRuleset(indexRuleset(parseRuleset(text)), work));
	const chain = find(keyOf(place, 'base'));
	const visit = visits(vifA, vifB, {ip: false, ip6: false}).find(({hook}) => hook === 'forward');
	if (!chain || !visit) {
		throw new Error('no chain');
	}

	return {
		obstacle: findObstacle(find, chain, visit.traffic)?.handle,
		reached: (handle: number) =>
			findReached(find, chain, visit.traffic, ({rule}) => rule.handle === handle) !==
			undefined,
		find: (name: string) => find(keyOf(place, name)),
		work,
	};
}

test('a policy counts for what no rule has settled', t => {
	t.is(walk({base: []}).obstacle, undefined);
	t.is(walk({base: []}, 'drop').obstacle, 100);
	t.is(walk({base: [[accept]]}, 'drop').obstacle, undefined);
	t.is(walk({base: [[some, accept]]}, 'drop').obstacle, 100);
	t.is(walk({base: [[some, back], [accept]]}, 'drop').obstacle, 100);
});

test('a rule counts where it may be met', t => {
	t.is(walk({base: [[some, drop]]}).obstacle, 101);
	t.is(walk({base: [[never, drop]]}).obstacle, undefined);
	t.is(walk({base: [[accept], [drop]]}).obstacle, undefined);
	t.is(walk({base: [[some, accept], [drop]]}).obstacle, 102);
});

test('a jump comes back, a goto does not', t => {
	const sub = [[some, accept]];

	t.is(walk({base: [[jump('sub')], [drop]], sub}).obstacle, 102);
	t.is(walk({base: [[goto('sub')], [drop]], sub}).obstacle, undefined);
	t.is(walk({base: [[goto('sub')], [accept]], sub}, 'drop').obstacle, 100);
	t.is(walk({base: [[jump('sub')], [drop]], sub: [[accept]]}).obstacle, undefined);
	t.is(walk({base: [[some, goto('sub')], [accept]], sub: []}, 'drop').obstacle, 100);
	t.is(walk({base: [[jump('sub')]], sub: [[some, drop]]}).obstacle, 201);
});

test('a chain that is not there, and one that leads to itself, are obstacles', t => {
	t.is(walk({base: [[jump('sub')]]}).obstacle, 101);
	t.is(walk({base: [[jump('sub')]], sub: [[jump('sub')]]}).obstacle, 200);
});

test('what is reached stands before what ends the chain, in chains that are led to as well', t => {
	const rules = {
		base: [[some, jump('sub')], [accept], [drop]],
		sub: [
			[never, drop],
			[some, drop],
		],
	};
	const {reached} = walk(rules);

	t.deepEqual([101, 102, 103, 201, 202].map(reached), [true, true, false, false, true]);
});

test('only what a base chain leads to is compiled, and what is tried is counted', t => {
	const {find, work} = walk({
		base: [[never, jump('sub')]],
		sub: [[goto('next')]],
		next: [],
		other: [],
	});

	t.deepEqual(
		['base', 'sub', 'next', 'other'].map(name => find(name) !== undefined),
		[true, true, true, false],
	);
	t.deepEqual(
		[...(walk({base: [[jump('sub')]], sub: [[never, accept]]}).find('base')?.sides ?? [])],
		['from'],
		'a chain is decided by what decides in those that it leads to',
	);
	t.is(work.rules, 0, 'what asks for another device is not even tried');
});
