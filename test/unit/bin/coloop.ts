// SPDX-License-Identifier: MIT
//
// The program itself: what becomes of its output is not main's to know.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, open, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {serve} from '../../../userland/control/server.ts';
import {statusOf} from '../control/_status.ts';

const program = fileURLToPath(new URL('../../../userland/bin/coloop.js', import.meta.url));

test('what could not be written is no success', async t => {
	const full = await open('/dev/full', 'w');
	const coloop = spawn(process.execPath, [program, '--help'], {
		stdio: ['ignore', full.fd, 'pipe'],
	});
	const said: string[] = [];

	coloop.stderr?.setEncoding('utf8').on('data', text => said.push(String(text)));
	const [status] = (await once(coloop, 'close')) as [number];
	await full.close();
	t.is(status, 1);
	t.regex(said.join(''), /^coloop: standard output: .*ENOSPC/);
});

test('a reader who has enough is no failure', async t => {
	const coloop = spawn(process.execPath, [program, '--help'], {
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const said: string[] = [];

	coloop.stdout.destroy();
	coloop.stderr.setEncoding('utf8').on('data', text => said.push(String(text)));
	const [status] = (await once(coloop, 'close')) as [number];
	t.is(status, 0);
	t.is(said.join(''), '');
});

test('data comes also where nobody can be told what is wrong', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const socket = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const status = statusOf({problems: ['host: y']});
	const served = serve(socket, async () => ({ok: true, status}), stop.signal);
	const full = await open('/dev/full', 'w');

	t.teardown(async () => {
		await full.close();
		stop.abort();
		await served;
		await rm(folder, {recursive: true});
	});
	const coloop = spawn(process.execPath, [program, '--socket', socket, '-j'], {
		stdio: ['ignore', 'pipe', full.fd],
	});
	t.deepEqual(JSON.parse(await text(coloop.stdout as NodeJS.ReadableStream)), {
		schema: 1,
		...status,
	});
});
