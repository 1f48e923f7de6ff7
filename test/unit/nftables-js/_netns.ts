// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {env, execPath, getuid} from 'node:process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

/** Runs a program in a new network namespace (a namespace is of a process, so a test cannot just enter one). */
export async function inNetns(command: string, args: readonly string[]): Promise<string> {
	const unshare = ['--net', '--mount', ...(getuid?.() === 0 ? [] : ['--map-root-user'])];
	const {stdout} = await promisify(execFile)('unshare', [...unshare, command, ...args], {
		timeout: 50_000,
		// Under npm PATH starts with node_modules/.bin, where another "nft" lives.
		env: {...env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin'},
		maxBuffer: 64 * 1024 * 1024,
	});

	return stdout;
}

/** Runs a module of the tests with Node in a new network namespace. */
export function nodeInNetns(module: URL, args: readonly string[]): Promise<string> {
	return inNetns(execPath, ['--expose-gc', fileURLToPath(module), ...args]);
}
