// SPDX-License-Identifier: MIT
//
// Run as a program of its own, in a network namespace of its own: `unshare --net node _scenarios.js NAME`.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {getEventListeners} from 'node:events';
import {stat} from 'node:fs/promises';
import {argv, pid} from 'node:process';
import {setImmediate} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import {
	NftablesError,
	openIsolatedNftables,
	openNftables,
	type NftCommand,
	type NftFamily,
	type NftStatement,
	type Nftables,
} from '../../../userland/nftables-js/index.ts';

const family: NftFamily = 'inet';
const table = {family, name: 't'};
const chain = {family, table: 't', name: 'c'};
const base: NftCommand[] = [
	{add: {table}},
	{add: {chain: {...chain, type: 'filter', hook: 'input', prio: 10, policy: 'drop'}}},
];
const rule = (...expr: NftStatement[]): NftCommand => ({
	add: {rule: {family: 'inet', table: 't', chain: 'c', comment: 'why', expr}},
});

/** No library knows this statement. */
const faulty = {
	add: {rule: {family, table: 't', chain: 'c', expr: [{frobnicate: 1}]}},
} as unknown as NftCommand;

/** A signal to the processes that isolated contexts started. */
const signalLibrary = (name: string) =>
	execFileSync('pkill', [`-${name}`, '-P', String(pid), '-x', 'nftables-js']);

/** Listing it keeps the library busy for a while. */
const addLargeSet = (nft: Nftables, size: number) => {
	const elements = Array.from(
		{length: size},
		(_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
	);

	return nft.text(
		`add table ip big; add set ip big s { type ipv4_addr; elements = { ${elements} } }`,
	);
};

const scenarios: Record<string, (nft: Nftables) => Promise<void>> = {
	async 'a process of its own says the same'(nft) {
		const isolated = openIsolatedNftables();

		await isolated.run([...base, rule({drop: null})]);
		assert.deepEqual(await isolated.list(), await nft.list());
		assert.equal(await isolated.text('list ruleset'), await nft.text('list ruleset'));
		await assert.rejects(isolated.text('list table inet none'), NftablesError);
		await isolated.close();
		await assert.rejects(isolated.list(), /the context is closed/);
	},
	async 'a process that is killed fails the call that runs, and no other'() {
		const isolated = openIsolatedNftables();

		await isolated.list();
		signalLibrary('STOP');
		const calls = [
			assert.rejects(isolated.list(), {
				code: 'DIED',
				message: 'libnftables ended its process with SIGKILL',
			}),
			isolated.list().then(({rules}) => assert.deepEqual(rules, [])),
		];
		signalLibrary('KILL');
		await Promise.all(calls);
		await isolated.close();
	},
	async 'a process of its own refuses with code and position, too'() {
		const isolated = openIsolatedNftables();

		await assert.rejects(isolated.text('add table inet t\ndelete table inet none'), {
			name: 'NftablesError',
			code: 'ENOENT',
			position: {line: 2, column: 19, lastColumn: 22},
		});
		await assert.rejects(isolated.run([...base, faulty]), {code: 'INVALID', command: 2});
		await isolated.close();
	},
	async 'an aborted call ends the process that it runs in, and others go on'() {
		const isolated = openIsolatedNftables();
		const aborter = new AbortController();

		await isolated.list();
		signalLibrary('STOP');
		const given = isolated.list({signal: aborter.signal});
		const waits = isolated.run(base, {signal: aborter.signal});
		const next = isolated.list();
		// The call has to be on its way, so that it is not just left out.
		await setImmediate();
		aborter.abort(new Error('no longer wanted'));
		await assert.rejects(given, /no longer wanted/);
		await assert.rejects(waits, /no longer wanted/);
		assert.deepEqual((await next).tables, []);
		await isolated.close();
	},
	async 'closing waits for what runs in another process'() {
		const isolated = openIsolatedNftables();
		const running = isolated.run(base);

		await isolated.close();
		await running;
		await isolated.close();
		await assert.rejects(isolated.list(), {code: 'CLOSED'});
	},
	async 'a library that aborts takes nobody with it'(nft) {
		const isolated = openIsolatedNftables();

		await nft.text(
			'add table ip t; add chain ip t c; add rule ip t c meta l4proto gre th dport != 1024-65535 drop',
		);
		// Not every version aborts on it; the one that does says where.
		await isolated.list().catch((error: unknown) => {
			assert(error instanceof NftablesError);
			assert.equal(error.code, 'DIED');
			assert.match(error.message, /SIGABRT: .*Assertion/);
		});
		await nft.text('delete table ip t');
		assert.deepEqual((await isolated.list()).rules, []);
		await isolated.close();
	},
	async 'what takes too long is given up'(nft) {
		await addLargeSet(nft, 200_000);
		const isolated = openIsolatedNftables({timeout: 1});

		await assert.rejects(isolated.list(), {code: 'TIMEOUT', message: /gave no answer in 1 ms/});
		await isolated.close();
	},
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

		await nft.run([{delete: {rule: {family, table: 't', chain: 'c', handle: added.handle}}}]);
		assert.deepEqual((await nft.list()).rules, []);
	},

	async "errors carry the library's text, a code and a position"(nft) {
		await assert.rejects(nft.run([{add: {chain: {...chain, table: 'none'}}}]), {
			name: 'NftablesError',
			code: 'ENOENT',
			message: /^Error: .*No such file or directory$/,
			position: undefined,
			command: undefined,
		});
		await assert.rejects(nft.text('add rule inet t c foo'), {
			name: 'NftablesError',
			code: 'INVALID',
			message:
				/^1:22-22: Error: syntax error, unexpected newline\nadd rule inet t c foo\n {21}\^$/,
			position: {line: 1, column: 22, lastColumn: 22},
		});
		// What failed leaves nothing behind for the next call.
		assert.equal(await nft.text('list ruleset'), '');
	},

	async 'of several lines each problem has its own'(nft) {
		const refused = await nft
			.text(
				`add table inet t
				add chain inet t c

				add rule inet t c tcp dport 99999 drop
				add rule inet t c ip saddr @none drop`,
			)
			.catch((error: unknown) => error);

		assert(refused instanceof NftablesError);
		assert.deepEqual(
			refused.problems.map(({code, text, position}) => [code, text, position?.line]),
			[
				['INVALID', 'Service out of range', 4],
				['ENOENT', 'No such file or directory', 5],
			].slice(0, refused.problems.length),
		);
		assert.match(refused.message, /add rule inet t c tcp dport 99999 drop\n\s+\^{5}/);
	},

	async 'a code for each kind of refusal'(nft) {
		const codes = async (...calls: ReadonlyArray<Promise<unknown>>) =>
			(await Promise.allSettled(calls)).map(result =>
				result.status === 'rejected' ? (result.reason as NftablesError).code : undefined,
			);

		await nft.run(base);
		assert.deepEqual(
			await codes(
				nft.run([{create: {table}}]),
				nft.run([{delete: {table: {family, name: 'none'}}}]),
				nft.run([{add: {rule: {family, table: 't', chain: 'none', expr: [{drop: null}]}}}]),
				nft.run([
					{add: {chain: {family, table: 't', name: 'busy'}}},
					{
						add: {
							rule: {
								family,
								table: 't',
								chain: 'c',
								expr: [{jump: {target: 'busy'}}],
							},
						},
					},
				]),
				nft.run([{delete: {chain: {family, table: 't', name: 'busy'}}}]),
				nft.run([{list: {table: {family, name: 'none'}}}]),
				nft.run([...base, faulty]),
				nft.text('nonsense'),
			),
			['EEXIST', 'ENOENT', 'ENOENT', undefined, 'EBUSY', 'ENOENT', 'INVALID', 'INVALID'],
		);
	},

	async 'an object that is not understood is named by its place'(nft) {
		await assert.rejects(nft.run([...base, faulty]), {
			code: 'INVALID',
			command: 2,
			message: /Unknown statement object 'frobnicate'/,
		});
	},

	async 'what is aborted before its turn is not done'(nft) {
		const aborter = new AbortController();
		const first = nft.run(base);
		const calls = [
			nft.run([{add: {table: {family, name: 'late'}}}], {signal: aborter.signal}),
			nft.text('add table inet later', {signal: aborter.signal}),
			nft.list({signal: aborter.signal}),
		];

		aborter.abort(new Error('no longer wanted'));
		for (const call of calls) {
			await assert.rejects(call, /no longer wanted/);
		}
		await first;
		await assert.rejects(nft.list({signal: AbortSignal.abort()}), {name: 'AbortError'});
		assert.deepEqual(
			(await nft.list()).tables.map(({name}) => name),
			['t'],
		);
	},

	async 'what is aborted while it runs rejects at once, and the next call is served'(nft) {
		await addLargeSet(nft, 60_000);
		const aborter = new AbortController();
		const order: string[] = [];
		const aborted = nft
			.list({signal: aborter.signal})
			.catch((error: unknown) => order.push(Error.prototype.toString.call(error)));
		const next = nft.run([{list: {tables: null}}]).then(() => order.push('next'));

		await setImmediate();
		aborter.abort(new Error('no longer wanted'));
		await Promise.all([aborted, next]);
		assert.deepEqual(order, ['Error: no longer wanted', 'next']);
	},

	async 'a signal that outlives its calls keeps none of them'(nft) {
		const {signal} = new AbortController();

		for (let i = 0; i < 20; i++) {
			await nft.list({signal});
			await nft.text('nonsense', {signal}).catch(() => undefined);
		}
		assert.equal(getEventListeners(signal, 'abort').length, 0);
	},

	async 'contexts that wait for each other keep nothing else from the pool'(nft) {
		await addLargeSet(nft, 20_000);
		const order: string[] = [];
		const contexts = Array.from({length: 5}, () => openNftables());
		const lists = contexts.map(context => context.list().then(() => order.push('listed')));

		// A look-up of a name or a file takes a thread of the same pool of four, which has other work first.
		await setImmediate();
		await stat('/').then(() => order.push('looked up'));
		await Promise.all(lists);
		assert.ok(order.indexOf('looked up') < 2, order.join());
		await Promise.all(contexts.map(context => context.close()));
	},

	async 'text is what nft prints'(nft) {
		await nft.run([...base, rule({drop: null})]);
		assert.match(await nft.text('list ruleset'), /table inet t \{ # handle \d+\n\tchain c \{/);
		await nft.run([rule({counter: null})]);
		assert.match(await nft.text('list ruleset', {stateless: true}), /\t\tcounter comment/);
		await assert.rejects(nft.text('flush ruleset\0'), TypeError);
		// As nft itself, with or without an end of the last line.
		await nft.text('add table inet u\n# the end');
		assert.match(await nft.text('list tables'), /table inet u/);
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

	async 'more output than is taken is an error, and the next call is served'() {
		const nft = openNftables({mostBytes: 100});
		await nft.run(base);
		await assert.rejects(nft.text('list ruleset'), {
			name: 'NftablesError',
			message: /^libnftables printed \d+ bytes, more than are taken$/,
		});
		assert.equal(await nft.text('flush ruleset'), '');
		await nft.close();
	},

	async 'what the library warns of on stderr comes to who asked'() {
		const warnings: string[] = [];
		const nft = openNftables({onWarning: text => warnings.push(text)});
		await nft.run(base);
		await nft.text('add rule inet t c jump { tcp dport 22 accept; }');
		const {rules} = await nft.list();
		/* Version 1.0.6 has no JSON of a chain in a rule; a newer one has nothing to warn of. */
		const isText = rules.some(({expr}) => expr.some(each => typeof each === 'string'));
		assert.deepEqual(warnings, isText ? ['warning: stmt ops chain have no json callback'] : []);
		await nft.close();
	},

	async 'who opens and closes a context waits for no other context'(nft) {
		await addLargeSet(nft, 60_000);
		const started = performance.now();
		const listed = nft.list();
		let longest = 0;
		let rounds = 0;
		let isListed = false;
		void listed.finally(() => (isListed = true));
		const closes: Array<Promise<void>> = [];
		while (!isListed) {
			const begun = performance.now();
			const other = openNftables();
			closes.push(other.close());
			if (rounds++ % 10 === 0) {
				globalThis.gc?.();
			}
			longest = Math.max(longest, performance.now() - begun);
			await new Promise(resolve => setTimeout(resolve, 5));
		}
		const took = performance.now() - started;
		await Promise.all(closes);
		assert.ok(took > 100, `listing took ${took} ms: not long enough to tell`);
		assert.ok(longest < took / 2, `${longest} of ${took} ms`);
	},

	async 'contexts that nobody closed are collected'() {
		for (let i = 0; i < 300; i++) {
			await openNftables().list();
			if (i % 50 === 49) {
				globalThis.gc?.();
			}
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
