// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const inNamespace = process.getuid?.() === 0 ? test : test.skip;

/** Runs the script in a network namespace of its own, where it may change what it likes. */
async function alone(script: string): Promise<string> {
	const path = fileURLToPath(new URL(script, import.meta.url));
	const {stdout} = await run('unshare', ['--net', process.execPath, path]);

	return stdout;
}

inNamespace('interfaces come with their bridge, changes are heard (needs root)', async t => {
	t.is(
		await alone('_links.js'),
		[
			'loopback has no Ethernet address: 0 interfaces',
			'first hint: changed',
			'after a bridge with one port: changed',
			'xenbr7 02:00:00:00:00:01 MTU 1400 of none',
			'vif7.0 02:00:00:00:00:02 MTU 1400 of xenbr7',
			'',
		].join('\n'),
	);
});
