// SPDX-License-Identifier: MIT
import test from 'ava';
import {createRulesReader} from '../../../userland/firewall/rules.ts';
import type {BaseChain} from '../../../userland/kernel/chains.ts';
import {parseRuleset} from '../../../userland/nftables-js/index.ts';
import {vifA, vifB} from './_fixtures.ts';

const scope = {devices: new Set(['vif3.0', 'vif4.0']), filtersIp: false};
const off = {ip: false, ip6: false};
const chain = (family: BaseChain['family'], table: string, hook: string, devices?: string[]) => ({
	...{family, table, name: 'c', hook, devices},
});

/** Tables whose one chain drops all, or says nothing. */
function stage(...chains: BaseChain[]) {
	const read: string[] = [];
	const knobs = {chains: chains as readonly BaseChain[], drops: new Set<string>(), fails: false};
	const reader = createRulesReader({
		readBaseChains: async () => knobs.chains,
		async readTable({family, table}) {
			const base = knobs.chains.find(each => each.family === family && each.table === table);
			const where = {family, table, handle: 2};
			const rule = {rule: {...where, chain: 'c', handle: 3, expr: [{drop: null}]}};
			const nftables = [
				{
					chain: {
						...where,
						name: 'c',
						type: 'filter',
						hook: base?.hook,
						prio: 0,
						policy: 'accept',
					},
				},
				...(knobs.drops.has(table) ? [rule] : []),
			];

			read.push(`${family} ${table}`);
			if (knobs.fails) {
				throw new Error('not now');
			}

			return {ruleset: parseRuleset(JSON.stringify({nftables})), text: ''};
		},
	});
	const why = async () => (await reader.read(scope)).guard(vifA, vifB, off)?.table;

	return {reader, knobs, read, why};
}

test('only tables that a frame can meet are read, each once', async t => {
	const {reader, read} = stage(
		chain('bridge', 'b', 'forward'),
		chain('bridge', 'b', 'postrouting'),
		chain('netdev', 'ours', 'ingress', ['eth0', 'vif3.0']),
		chain('netdev', 'wild', 'egress', ['vif*']),
		chain('netdev', 'other', 'ingress', ['eth0']),
		chain('inet', 'port', 'ingress', ['vif4.0']),
		chain('inet', 'input', 'input'),
		chain('ip', 'nat', 'prerouting'),
		chain('arp', 'a', 'input'),
	);

	await reader.read(scope);
	t.deepEqual(read.sort(), ['bridge b', 'inet port', 'netdev ours', 'netdev wild']);
	t.false(reader.isMet('ip nat'));
	await reader.read({...scope, filtersIp: true});
	t.deepEqual(read.slice(4).sort(), ['inet input', 'ip nat']);
	t.true(reader.isMet('ip nat'));
});

test('a table is read again when it changed, and the rules are the same object while none did', async t => {
	const {reader, knobs, read, why} = stage(
		chain('bridge', 'one', 'forward'),
		chain('bridge', 'two', 'forward'),
	);
	const first = await reader.read(scope);

	t.is(await reader.read(scope), first);
	t.is(read.length, 2);
	knobs.drops.add('two');
	reader.forget('bridge two');
	t.is(await why(), 'bridge two');
	t.deepEqual(read.slice(2), ['bridge two']);
	reader.forget('ip nat');
	await reader.read(scope);
	t.is(read.length, 3);
	reader.forget('all');
	await reader.read(scope);
	t.is(read.length, 5);
});

test('a table that becomes met is read, one that has gone is not missed', async t => {
	const {knobs, why} = stage();

	knobs.drops.add('late');
	t.is(await why(), undefined);
	knobs.chains = [chain('bridge', 'late', 'forward')];
	t.is(await why(), 'bridge late');
	knobs.chains = [];
	t.is(await why(), undefined);
});

test('a table that could not be read is read the next time', async t => {
	const {reader, knobs, why} = stage(chain('bridge', 'one', 'forward'));

	t.is(await why(), undefined);
	knobs.drops.add('one');
	knobs.fails = true;
	reader.forget('bridge one');
	await t.throwsAsync(reader.read(scope), {message: 'not now'});
	knobs.fails = false;
	t.is(await why(), 'bridge one');
});

test('where the library does not tell the devices of a chain, the kernel does', async t => {
	const {knobs, why} = stage(chain('netdev', 'n', 'ingress', ['eth0', 'vif9.0']));

	knobs.drops.add('n');
	t.is(await why(), undefined);
	knobs.chains = [chain('netdev', 'n', 'ingress', ['eth0', 'vif3.0'])];
	t.is(await why(), 'netdev n');
	// A table that is met for another device's sake.
	knobs.chains = [
		chain('netdev', 'n', 'ingress', ['eth0']),
		{...chain('netdev', 'n', 'ingress', ['vif3.0']), name: 'd'},
	];
	t.is(await why(), undefined);
});
