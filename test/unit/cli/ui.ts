// SPDX-License-Identifier: MIT
//
// The real program, as it is compiled and as one bundle with its page beside it.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {cp, mkdtemp, readdir, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {text} from 'node:stream/consumers';
import test from 'ava';
import {build} from 'esbuild';
import {root} from '../_modules.ts';

const compiled = `${root}build/ts/userland/bin/coloop.js`;

async function start(program: string, ...argv: string[]) {
	const child = spawn(process.execPath, [program, '--socket', '/nowhere/x', 'ui', ...argv], {
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const said = text(child.stderr);
	const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
	const first = String((await lines.next()).value ?? '');

	return {
		first,
		async end() {
			child.kill('SIGTERM');

			return {status: child.exitCode ?? (await once(child, 'exit'))[0], err: await said};
		},
	};
}

test('it says where the page is, and serves it until it is ended', async t => {
	const {first, end} = await start(compiled, '--listen', '127.0.0.1:0');
	t.regex(first, /^http:\/\/127\.0\.0\.1:\d+\/$/);
	t.regex(await (await fetch(first)).text(), /<title>Coloop<\/title>/);
	const news = await fetch(new URL('/events', first));
	const reader = news.body?.getReader();
	const {value} = (await reader?.read()) ?? {};
	t.regex(Buffer.from(value ?? []).toString(), /coloopd does not answer on \/nowhere\/x/);
	await reader?.cancel();
	t.deepEqual(await end(), {status: 0, err: ''});
});

test('on a socket', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-ui-'));
	const path = join(folder, 'ui.sock');
	const {first, end} = await start(compiled, '--listen', path);
	t.is(first, path);
	t.is((await end()).status, 0);
	t.deepEqual(await readdir(folder), []);
	await rm(folder, {recursive: true});
});

test('as the package has it: one file, and the page in ui/ beside it', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-bundle-'));
	const outfile = join(folder, 'coloop.mjs');
	const require =
		'import {createRequire as r_} from "node:module"; const require = r_(import.meta.url);';
	await build({
		entryPoints: [`${root}userland/bin/coloop.ts`],
		...{bundle: true, platform: 'node', target: 'node18', format: 'esm', outfile},
		...{banner: {js: require}, logLevel: 'silent'},
	});
	const without = await start(outfile, '--listen', '127.0.0.1:0');
	const {status, err} = await without.end();
	t.is(status, 2);
	t.true(err.includes(join(folder, 'ui')), err);
	await cp(`${root}userland/ui/page`, join(folder, 'ui'), {recursive: true});
	const {first, end} = await start(outfile, '--listen', '127.0.0.1:0');
	t.is((await fetch(new URL('/page.js', first))).status, 200);
	t.is((await end()).status, 0);
	await rm(folder, {recursive: true});
});

test('what is not this machine is misuse, and so is what another has', async t => {
	const wide = await (await start(compiled, '--listen', '0.0.0.0:9788')).end();
	t.is(wide.status, 2);
	t.regex(wide.err, /^coloop: --listen: 0\.0\.0\.0 is not loopback\n {2}nobody is asked/);
	const {first, end} = await start(compiled, '--listen', '127.0.0.1:0');
	const where = new URL(first).host;
	const second = await (await start(compiled, '--listen', where)).end();
	t.is(second.status, 2);
	t.true(second.err.startsWith(`coloop: another program listens on ${where}\n  name another;`));
	await end();
});
