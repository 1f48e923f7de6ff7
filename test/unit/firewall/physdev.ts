// SPDX-License-Identifier: MIT
import test from 'ava';
import {indexRuleset} from '../../../userland/firewall/book.ts';
import type {FiltersIp} from '../../../userland/firewall/guard.ts';
import {findPhysdev} from '../../../userland/firewall/physdev.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';

type Chains = Readonly<Record<string, {readonly hook?: string; readonly exprs?: unknown[][]}>>;

const physdev = {xt: {type: 'match', name: 'physdev'}};

/** The chain in which one is found. */
function foundIn(
	chains: Chains,
	{
		family = 'ip',
		filtersIp = {ip: true, ip6: false},
	}: {family?: string; filtersIp?: FiltersIp} = {},
): string | undefined {
	const table = {family, table: 'filter'};
	const nftables = Object.entries(chains).flatMap(([name, {hook, exprs = []}]) => [
		{chain: {...table, name, handle: 1, ...(hook && {type: 'filter', hook, prio: 0})}},
		...exprs.map((expr, handle) => ({rule: {...table, chain: name, handle, expr}})),
	]);
	const book = indexRuleset(parseRuleset(JSON.stringify({nftables})));

	return findPhysdev(book, filtersIp)?.chain;
}

test('only where the port is known of arriving frames', t => {
	const at = (hook: string) => foundIn({c: {hook, exprs: [[physdev, {drop: null}]]}});

	for (const hook of ['prerouting', 'input', 'forward']) t.is(at(hook), 'c');
	for (const hook of ['output', 'postrouting']) t.is(at(hook), undefined);
});

test('of what dom0 routes, only what does more than accept, as Xen does for each vif', t => {
	const accept = [physdev, {counter: null}, {accept: null}];
	const jump = [physdev, {jump: {target: 'guests'}}];

	t.is(foundIn({c: {hook: 'forward', exprs: [accept]}}), undefined);
	t.is(foundIn({c: {hook: 'forward', exprs: [accept, jump]}, guests: {}}), 'c');
	t.is(foundIn({c: {hook: 'input', exprs: [accept]}}), 'c');
});

test('only of the IP version that bridged frames are filtered for', t => {
	const chains = {c: {hook: 'input', exprs: [[physdev, {drop: null}]]}};
	const ip6 = {ip: false, ip6: true};

	t.is(foundIn(chains, {filtersIp: ip6}), undefined);
	t.is(foundIn(chains, {filtersIp: ip6, family: 'ip6'}), 'c');
	t.is(foundIn(chains, {filtersIp: ip6, family: 'inet'}), 'c');
	t.is(foundIn(chains, {family: 'ip6'}), undefined);
	t.is(foundIn(chains, {family: 'bridge'}), undefined);
	t.is(foundIn(chains, {family: 'inet', filtersIp: {ip: false, ip6: false}}), undefined);
});

test('through every chain that such a packet may get to, round a loop too', t => {
	const jump = {jump: {target: 'middle'}};
	const vmap = {
		vmap: {key: {meta: {key: 'l4proto'}}, data: {set: [[6, {goto: {target: 'last'}}]]}},
	};
	const chains = {
		input: {hook: 'input', exprs: [[{counter: null}, jump]]},
		middle: {exprs: [[vmap], [jump], [{jump: {target: 'absent'}}]]},
		last: {exprs: [[physdev, {accept: null}]]},
	};

	t.is(foundIn(chains), 'last');
	t.is(foundIn({...chains, input: {hook: 'forward', exprs: [[jump]]}}), undefined);
});

test('a match without a name may be one; a target is none', t => {
	const has = (xt: unknown) => foundIn({c: {hook: 'input', exprs: [[{xt}]]}}) !== undefined;

	t.true(has(null));
	t.true(has({type: 'match', name: null}));
	t.false(has({type: 'match', name: 'conntrack'}));
	t.false(has({type: 'target', name: null}));
});
