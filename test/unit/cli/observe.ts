// SPDX-License-Identifier: MIT
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {main} from '../../../userland/cli/main.ts';
import {isServed, serve} from '../../../userland/control/server.ts';
import {createJournal} from '../../../userland/daemon/journal.ts';
import {createLog} from '../../../userland/daemon/log.ts';
import {until} from '../_until.ts';
import {coloop, now, says} from './_coloop.ts';

/** A daemon's journal behind a real socket, and `coloop` that asks it. */
async function withJournal(
	use: (stage: {
		log: ReturnType<typeof createLog>;
		run(argv: readonly string[], signal?: AbortSignal): ReturnType<typeof start>;
		stop(): Promise<void>;
	}) => Promise<void>,
): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const socket = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const journal = createJournal({
		...{log: createLog(() => {}), unix: () => now, hasEndpoint: true, nameOf: () => undefined},
	});
	const served = serve(
		...([socket, says(), stop.signal, () => {}] as const),
		({follow = false}, signal) => journal.observe(follow, signal),
	);
	const end = async () => {
		stop.abort();
		await served;
	};
	try {
		await until('served', () => isServed(socket));
		await use({
			log: journal.log,
			run: (argv, signal) => start(['--socket', socket, ...argv], signal),
			stop: end,
		});
	} finally {
		await end();
		await rm(folder, {recursive: true});
	}
}

/** Runs beside the test. */
function start(argv: readonly string[], signal?: AbortSignal) {
	const [out, err] = [[] as string[], [] as string[]];
	const terminal = {
		...{out: (line: string) => out.push(line), err: (line: string) => err.push(line)},
		now: () => now,
		...(signal && {signal}),
	};

	return {out, err, done: main(argv, terminal)};
}

const local = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}/;

test('what happened is told a line each, with why', async t => {
	await withJournal(async ({log, run}) => {
		log.info('channel.opened', {peer: '数据库 👩‍🚀', domid: 2, epoch: 7});
		log.warn('channel.broken', {
			peer: 'evil\u001b[2J',
			domid: 3,
			epoch: 7,
			reason: 'bad-index',
		});
		const {out, err, done} = run(['observe']);
		t.is(await done, 0);
		t.deepEqual(err, []);
		t.true(out.every(line => local.test(line)));
		t.deepEqual(
			out.map(line => line.replace(local, '')),
			[
				'opened       数据库 👩‍🚀 (2)',
				"broken       evil\\u{1b}[2J (3): the peer's index claims more than its ring holds",
			],
		);
	});
});

test('--json is one object a line', async t => {
	await withJournal(async ({log, run}) => {
		log.info('channel.opened', {peer: 'b\u001b', domid: 2, epoch: 7});
		const {out, done} = run(['observe', '-j']);
		t.is(await done, 0);
		t.is(out.length, 1);
		t.notRegex(out[0] ?? '', /[\p{Cc}]/u);
		t.deepEqual(JSON.parse(out[0] ?? ''), {
			...{schema: 1, version: '0.1.0', time: now, event: 'opened', peer: 'b\u001b', domid: 2},
			...{other: null, other_domid: null, epoch: 7, code: null, reason: null},
		});
	});
});

test('--last and a name choose', async t => {
	await withJournal(async ({log, run}) => {
		for (const [domid, peer] of ['a', 'b', 'a', 'b', 'Domain-0'].entries()) {
			log.info('channel.opened', {peer, domid, epoch: 7});
		}
		const lines = async (...argv: string[]) => {
			const {out, done} = run(['observe', ...argv]);
			t.is(await done, 0);

			return out.map(line => line.replace(/.* (\S+ \(\d\))$/, '$1'));
		};
		t.deepEqual(await lines('-n', '2'), ['b (3)', 'Domain-0 (4)']);
		t.deepEqual(await lines('-n', '0'), []);
		t.deepEqual(await lines('a'), ['a (0)', 'a (2)']);
		t.deepEqual(await lines('-n', '1', 'a'), ['a (2)']);
		t.deepEqual(await lines('dom0'), ['Domain-0 (4)']);
		t.deepEqual(await lines('3'), ['b (3)']);
		t.deepEqual(await lines('nobody'), []);
	});
});

test('--follow goes on as it happens, until it is stopped', async t => {
	await withJournal(async ({log, run}) => {
		log.info('channel.opened', {peer: 'b', domid: 2, epoch: 7});
		const stop = new AbortController();
		const {out, err, done} = run(['observe', '-f'], stop.signal);
		await until('the first', () => out.length === 1);
		log.info('channel.closed', {peer: 'b', domid: 2, epoch: 7, reason: 'peer-closed'});
		await until('the second', () => out.length === 2);
		t.regex(out[1] ?? '', /closed +b \(2\): the peer has ended it$/);
		stop.abort();
		t.is(await done, 0);
		t.deepEqual(err, []);
	});
});

test('a daemon that ends meanwhile is said to have', async t => {
	await withJournal(async ({log, run, stop}) => {
		log.info('channel.opened', {peer: 'b', domid: 2, epoch: 7});
		const {out, err, done} = run(['observe', '-f']);
		await until('the first', () => out.length === 1);
		await stop();
		t.is(await done, 3);
		t.regex(err[0] ?? '', /^coloop: coloopd hung up/);
	});
});

test('a coloopd that is too old says so in its own words, and we in ours', async t => {
	const {status, err} = await coloop(says(), 'observe');
	t.is(status, 1);
	t.regex(err, /^coloop: this coloopd is too old to tell what happens\n {2}coloop version/);
});

for (const count of ['x', '-1', '1.5', '']) {
	test(`misused: observe --last=${count}`, async t => {
		const {status, err} = await coloop(says(), 'observe', `--last=${count}`);
		t.is(status, 2);
		t.regex(err, /expected a whole number/);
	});
}
