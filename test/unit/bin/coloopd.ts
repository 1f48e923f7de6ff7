// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {mkdtemp, open, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {askStatus} from '../../../userland/control/client.ts';

const program = fileURLToPath(new URL('../../../userland/bin/coloopd.js', import.meta.url));

/* With Xen it would begin to work. */
(existsSync('/proc/xen/capabilities') ? test.skip : test)(
	'the daemon outlives a log that cannot be written',
	async t => {
		const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
		const socket = join(folder, 'coloopd.sock');
		const full = await open('/dev/full', 'w');
		const options = ['--socket', socket, '--role', 'endpoint', '--policy', folder];
		const daemon = spawn(process.execPath, [program, ...options], {
			stdio: ['ignore', 'ignore', full.fd],
		});
		const ended = once(daemon, 'exit');

		t.teardown(async () => {
			daemon.kill();
			await full.close();
			await rm(folder, {recursive: true});
		});
		while (!existsSync(socket) && daemon.exitCode === null) {
			await sleep(20);
		}
		t.like(await askStatus(socket), {roles: ['endpoint']});
		daemon.kill('SIGTERM');
		t.deepEqual(await ended, [0, null]);
	},
);
