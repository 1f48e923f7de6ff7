// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import {mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {request} from 'node:http';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import test from 'ava';
import type {Outlet} from '../../../userland/metrics/outlets.ts';
import {createPublisher} from '../../../userland/metrics/publish.ts';
import {createStage} from '../daemon/_stage.ts';

type Line = Readonly<Record<string, string>>;

/** The daemon of a guest without a dom0, that publishes there. */
async function publish(...outlets: Outlet[]) {
	const stage = createStage();
	await stage.create(1);
	const lines: Line[] = [];
	const say = (event: string, fields: Line) => lines.push({event, ...fields});
	let publisher: ReturnType<typeof createPublisher> | undefined;
	const daemon = stage.start(1, undefined, world => {
		const made = createPublisher(world, outlets, {info: say, error: say});
		publisher = made;

		return made.world;
	});
	const stop = new AbortController();
	const done = publisher?.run(daemon.read, stop.signal);

	return {
		stage,
		lines,
		async stop() {
			stop.abort();
			await done;
			await stage.stopAll();
		},
	};
}

async function get(where: object, path = '/metrics', method = 'GET') {
	const asked = request({...where, path, method, agent: false}).end();
	const [response] = await once(asked, 'response');

	return {
		status: response.statusCode as number,
		headers: response.headers as Record<string, string>,
		body: await text(response),
	};
}

const scratch = () => mkdtemp(join(tmpdir(), 'coloop-metrics-'));
const anyPort = {kind: 'loopback', host: '127.0.0.1', port: 0} as const;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await isSo())) {
		await new Promise(resolve => setTimeout(resolve, 5));
	}
}

test('a page on loopback, for those who mean it', async t => {
	const {lines, stop} = await publish(anyPort);
	await until(() => lines.length > 0);
	t.like(lines[0], {event: 'metrics.served'});
	const where = {host: '127.0.0.1', port: Number(lines[0]?.['where']?.split(':')[1])};
	const page = await get(where);
	t.is(page.status, 200);
	t.is(page.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
	t.regex(page.body, /^coloop_build_info\{version="[\d.]+",node="v\d+/m);
	t.true(page.body.endsWith('\n'));
	t.is((await get(where, '/metrics?x=1')).status, 200);
	t.is((await get(where, '/')).status, 404);
	t.is((await get(where, '/metrics', 'POST')).status, 405);
	t.is((await get(where, '/metrics', 'HEAD')).body, '');
	t.is((await get({...where, headers: {host: 'evil.example'}})).status, 421);
	t.is((await get({...where, headers: {host: 'localhost:1'}})).status, 200);
	await stop();
	await t.throwsAsync(get(where), {code: 'ECONNREFUSED'});
});

test('a page on a socket that only root opens, which is gone at the end', async t => {
	const folder = await scratch();
	const path = join(folder, 'metrics.sock');
	const {lines, stop} = await publish({kind: 'socket', path});
	await until(() => lines.length > 0);
	t.is((await stat(path)).mode & 0o777, 0o600);
	const page = await get({socketPath: path});
	t.is((await get({socketPath: path, headers: {host: 'evil.example'}})).status, 421);
	t.regex(page.body, /^coloop_peers\{state="live"\} 0$/m);
	await stop();
	t.deepEqual(await readdir(folder), []);
	await rm(folder, {recursive: true});
});

test('a file that is replaced at once, every 15 s, and gone at the end', async t => {
	const folder = await scratch();
	const path = join(folder, 'coloop.prom');
	const {stage, stop} = await publish({kind: 'file', path});
	const read = () => readFile(path, 'utf8').catch(() => '');
	await until(async () => (await read()) !== '');
	t.is((await stat(path)).mode & 0o777, 0o644);
	const first = await stat(path);
	await stage.clock.advance(16_000);
	await until(async () => (await stat(path)).ino !== first.ino);
	t.deepEqual(await readdir(folder), ['coloop.prom']);
	t.regex(await read(), /^# EOF|coloop_process_start_time_seconds \d+\n$/);
	await stop();
	t.deepEqual(await readdir(folder), []);
	await rm(folder, {recursive: true});
});

test('what does not work is said once, and works when it can', async t => {
	const folder = await scratch();
	const path = join(folder, 'none', 'coloop.prom');
	const other = createServer().listen(0, '127.0.0.1');
	await once(other, 'listening');
	const address = other.address();
	const port = typeof address === 'object' && address ? address.port : 0;
	const taken = {...anyPort, port};
	const plain = join(folder, 'plain');
	await writeFile(plain, 'kept');
	const {stage, lines, stop} = await publish(
		{kind: 'file', path},
		taken,
		{kind: 'socket', path: plain},
		{kind: 'socket', path: join(folder, 'none', 'x.sock')},
		{kind: 'socket', path: join(plain, 'x.sock')},
	);
	await until(() => lines.length === 5);
	const messages = lines.map(({message}) => message).join('\n');
	t.regex(messages, /none\/coloop\.prom: there is no folder \/\S*none$/m);
	t.regex(messages, /none\/x\.sock: there is no folder \/\S*none$/m);
	t.regex(messages, /plain\/x\.sock: \/\S*plain is no folder$/m);
	t.notRegex(messages, /EACCES|ENOENT|ENOTDIR/);
	t.true(lines.every(({hint}) => hint !== undefined));
	t.regex(messages, /another program listens on 127\.0\.0\.1:\d+/);
	t.regex(messages, /plain: expected a socket or nothing, got another file/);
	await stage.clock.advance(16_000);
	await new Promise(resolve => setTimeout(resolve, 50));
	t.is(lines.length, 5);
	other.close();
	await once(other, 'close');
	await stage.clock.advance(16_000);
	await until(() => lines.some(({event}) => event === 'metrics.served'));
	t.is((await get({host: '127.0.0.1', port})).status, 200);
	await stop();
	t.is(await readFile(plain, 'utf8'), 'kept');
	await rm(folder, {recursive: true});
});
