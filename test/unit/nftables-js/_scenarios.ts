// SPDX-License-Identifier: MIT
//
// Run as a program of its own, in a network namespace of its own: `unshare --net node _scenarios.js NAME`.
import assert from 'node:assert/strict';
import {argv} from 'node:process';
import {Worker} from 'node:worker_threads';
import {
	NftablesError,
	openNftables,
	type NftCommand,
	type Nftables,
} from '../../../userland/nftables-js/index.ts';

const table = {family: 'inet', name: 't'};
const chain = {family: 'inet', table: 't', name: 'c'};
const base: NftCommand[] = [
	{add: {table}},
	{add: {chain: {...chain, type: 'filter', hook: 'input', prio: 10, policy: 'drop'}}},
];
const rule = (...expr: unknown[]): NftCommand => ({
	add: {rule: {family: 'inet', table: 't', chain: 'c', comment: 'why', expr}},
});

const scenarios: Record<string, (nft: Nftables) => Promise<void>> = {
	async 'what was added is listed'(nft) {
		await nft.run([
			...base,
			{add: {set: {...table, table: 't', name: 's', type: 'ifname', elem: ['eth0', 'eth1']}}},
			{
				add: {
					map: {family: 'inet', table: 't', name: 'm', type: 'ipv4_addr', map: 'verdict'},
				},
			},
			{add: {counter: {family: 'inet', table: 't', name: 'n'}}},
			rule({counter: null}, {accept: null}),
			rule({limit: {rate: 10, per: 'second'}}, {drop: null}),
		]);
		const ruleset = await nft.list();

		assert.match(ruleset.version ?? '', /^\d+\.\d+/);
		assert.deepEqual(
			ruleset.tables.map(({family, name}) => ({family, name})),
			[table],
		);
		assert.deepEqual(ruleset.chains[0]?.base, {
			type: 'filter',
			hook: 'input',
			prio: 10,
			policy: 'drop',
			devices: undefined,
		});
		assert.deepEqual(
			ruleset.rules.map(({expr, comment}) => [
				Object.keys(Object(expr[0])),
				expr[1],
				comment,
			]),
			[
				[['counter'], {accept: null}, 'why'],
				[['limit'], {drop: null}, 'why'],
			],
		);
		assert.deepEqual([...(ruleset.sets[0]?.elements ?? [])].sort(), ['eth0', 'eth1']);
		assert.equal(ruleset.maps[0]?.raw['map'], 'verdict');
		assert.deepEqual(Object.keys(ruleset.others[0] ?? {}), ['counter']);
	},

	async 'a transaction is all or none'(nft) {
		await assert.rejects(
			nft.run([...base, {add: {rule: {...chain, chain: 'nowhere', expr: [{accept: null}]}}}]),
			NftablesError,
		);
		assert.deepEqual((await nft.list()).tables, []);
	},

	async 'a dry run checks and changes nothing'(nft) {
		await nft.run(base, {dryRun: true});
		assert.deepEqual((await nft.list()).tables, []);
		await assert.rejects(
			nft.run([{add: {chain: {...chain, table: 'none'}}}], {dryRun: true}),
			/No such file or directory/,
		);
		await nft.run(base);
		assert.equal((await nft.list()).tables.length, 1);
	},

	async 'echo tells handles, and a handle deletes'(nft) {
		await nft.run(base);
		const [added] = (await nft.run([rule({accept: null})], {echo: true})).rules;
		assert.ok(added && added.handle > 0);

		await nft.run([
			{delete: {rule: {...chain, name: undefined, chain: 'c', handle: added.handle}}},
		]);
		assert.deepEqual((await nft.list()).rules, []);
	},

	async "errors carry the library's text"(nft) {
		await assert.rejects(nft.run([{add: {chain}}]), {
			name: 'NftablesError',
			message: /No such file or directory/,
		});
		await assert.rejects(nft.text('add rule inet t c foo'), {
			name: 'NftablesError',
			message: /syntax error, unexpected newline/,
		});
		// What failed leaves nothing behind for the next call.
		assert.equal(await nft.text('list ruleset'), '');
	},

	async 'text is what nft prints'(nft) {
		await nft.run([...base, rule({drop: null})]);
		assert.match(await nft.text('list ruleset'), /table inet t \{ # handle \d+\n\tchain c \{/);
		await nft.run([rule({counter: null})]);
		assert.match(await nft.text('list ruleset', {stateless: true}), /\t\tcounter comment/);
		await assert.rejects(nft.text('flush ruleset\0'), TypeError);
	},

	async 'nothing to do is nothing done'(nft) {
		assert.deepEqual((await nft.run([])).rules, []);
	},

	async 'calls run in order, failures among them'(nft) {
		const results = await Promise.allSettled([
			nft.run(base),
			nft.run([{add: {chain: {...chain, table: 'none'}}}]),
			nft.list(),
			nft.run([{delete: {table}}]),
			nft.list(),
		]);
		const tables = results.map(result =>
			result.status === 'fulfilled' ? result.value.tables.length : 'rejected',
		);

		assert.deepEqual(tables, [0, 'rejected', 1, 0, 0]);
	},

	async 'close waits, then refuses'(nft) {
		const running = nft.run(base);
		await nft.close();
		await running;
		await nft.close();
		await assert.rejects(nft.list(), {name: 'NftablesError', message: 'the context is closed'});
	},

	async 'many contexts at once'(nft) {
		await nft.run(base);
		const contexts = Array.from({length: 16}, () => openNftables());
		const lists = await Promise.all(
			contexts.flatMap(context => [context.list(), context.list()]),
		);

		assert.ok(lists.every(list => list.tables.length === 1));
		await Promise.all(contexts.map(context => context.close()));
	},

	async 'worker threads have contexts of their own, and may end in the midst of a call'() {
		const code = `
			import(${JSON.stringify(new URL('../../../userland/nftables-js/index.js', import.meta.url).href)}).then(({openNftables}) => {
				const nft = openNftables();
				void nft.list();
				nft.list().then(() => process.exit(7));
				void nft.list();
			});`;
		const exits = await Promise.all(
			Array.from(
				{length: 4},
				() => new Promise(done => new Worker(code, {eval: true}).on('exit', done)),
			),
		);

		assert.deepEqual(exits, [7, 7, 7, 7]);
	},

	async 'contexts that nobody closed are collected'() {
		for (let i = 0; i < 300; i++) {
			await openNftables().list();
			if (i % 50 === 49) globalThis.gc?.();
		}
	},
};

export const names = Object.keys(scenarios);

const scenario = scenarios[argv[2] ?? ''];
if (scenario) {
	const nft = openNftables();
	await scenario(nft);
	await nft.close();
}
