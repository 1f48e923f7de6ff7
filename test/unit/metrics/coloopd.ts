// SPDX-License-Identifier: MIT
//
// The real program, on a machine that has no Xen: it says so in its metrics.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {valueOf} from './_published.ts';

const coloopd = fileURLToPath(new URL('../../../userland/bin/coloopd.js', import.meta.url));
const hasXen = existsSync('/proc/xen/capabilities');

function start(...argv: string[]) {
	return spawn(process.execPath, [coloopd, ...argv], {stdio: ['ignore', 'ignore', 'pipe']});
}

(hasXen ? test.skip : test)('coloopd --metrics serves them, and writes them', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'coloop.prom');
	const daemon = start(
		...['--socket', join(folder, 'coloopd.sock'), '--role', 'endpoint', '--policy', folder],
		...['--metrics', '127.0.0.1:0', '--metrics', file],
	);
	let where = '';
	for await (const line of createInterface({input: daemon.stderr})) {
		const {event, where: served} = JSON.parse(line);
		if (event === 'metrics.served') {
			where = served;
			break;
		}
	}
	let page = '';
	while (valueOf(page, 'coloop_role_up{role="endpoint"}') !== 0) {
		page = await (await fetch(`http://${where}/metrics`)).text();
	}
	t.is(valueOf(page, 'coloop_policy_loads_total{result="success"}'), 1);
	t.regex(await readFile(file, 'utf8'), /^coloop_build_info\{/m);
	daemon.kill('SIGTERM');
	const [status] = await once(daemon, 'exit');
	t.is(status, 0);
	t.false(existsSync(file));
	await rm(folder, {recursive: true});
});

for (const where of ['0.0.0.0:9787', 'x.prom', '9787']) {
	test(`coloopd --metrics ${where} is misuse`, async t => {
		const daemon = start('--metrics', where, '--socket', '/nowhere/x');
		const said = await text(daemon.stderr);
		t.like(JSON.parse(said), {event: 'daemon.failed', code: 'USAGE'});
		t.is(daemon.exitCode ?? (await once(daemon, 'exit'))[0], 2);
	});
}
