// SPDX-License-Identifier: MIT
//
// The real program, on a machine that has no Xen: it says so in its metrics.
import {spawn, spawnSync} from 'node:child_process';
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

for (const where of ['0.0.0.0:9787', 'x.prom', '9787', `/${'x'.repeat(107)}`]) {
	test(`coloopd --metrics ${where} is misuse`, async t => {
		const daemon = start('--metrics', where, '--socket', '/nowhere/x');
		const said = await text(daemon.stderr);
		t.like(JSON.parse(said), {event: 'daemon.failed', code: 'USAGE'});
		t.is(daemon.exitCode ?? (await once(daemon, 'exit'))[0], 2);
	});
}

const denied = /^\/mnt\/x: nothing can be made in \/mnt \(access is denied\)$/;
/* What stands in the way of a file, on a machine of its own as far as mounts go; and what is said of it. */
const obstacles: ReadonlyArray<readonly [string, string, RegExp, RegExp]> = [
	[
		...['is missing', 'mount -t tmpfs x /mnt && umount /mnt'],
		...[/^\/missing\/x: there is no folder \/missing$/, /^make it, or name a file/],
	] as const,
	[
		...['is read-only', 'mount -t tmpfs -o ro x /mnt'],
		...[/^\/mnt\/x: \/mnt is read-only$/, /\[Service\] ReadWritePaths=\/mnt$/],
	] as const,
	[
		...['is full', 'mount -t tmpfs -o nr_inodes=1 x /mnt'],
		...[/^\/mnt\/x: the file system of \/mnt is full$/, /^make room there$/],
	] as const,
	[
		...[
			"is another's, and we have no way around that",
			'mount -t tmpfs -o uid=1,mode=755 x /mnt',
		],
		...[denied, /^name a file in a folder that root owns/],
	] as const,
];
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

for (const [what, prepares, says, hints] of obstacles) {
	for (const name of ['x.prom', 'x.sock']) {
		(hasXen || !canMount ? test.skip : test)(`a folder of ${name} that ${what}`, async t => {
			const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
			const place = what === 'is missing' ? `/missing/${name}` : `/mnt/${name}`;
			const argv = ['--socket', join(folder, 's'), '--role', 'endpoint', '--policy', folder];
			const script = `${prepares}; exec setpriv --bounding-set=-dac_override -- "$@"`;
			const daemon = spawn(
				'unshare',
				[
					...['--mount', 'sh', '-c', script, 'sh', process.execPath, coloopd, ...argv],
					...['--metrics', place],
				],
				{stdio: ['ignore', 'ignore', 'pipe']},
			);
			for await (const line of createInterface({input: daemon.stderr})) {
				const {event, message, hint} = JSON.parse(line);
				if (event === 'metrics.failed') {
					t.regex(message.replace(name, 'x'), says);
					t.regex(hint, hints);
					break;
				}
			}
			daemon.kill('SIGTERM');
			await once(daemon, 'exit');
			await rm(folder, {recursive: true});
		});
	}
}
