// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';

/** What commands look at of the machine that they run on, and only look. */
export type System = {
	/** A file's text, a character a byte; undefined where there is none or it is not ours to read. */
	read(path: string): Promise<string | undefined>;
	/** What a directory holds; nothing where there is none. */
	list(path: string): Promise<readonly string[]>;
	/** A program's end; undefined where there is no such program, or it did not end in 10 s. */
	run(program: string, ...args: string[]): Promise<Ended | undefined>;
	/** Of Node: `20.19.0`. */
	readonly node: string;
};

export type Ended = {readonly status: number; readonly out: string; readonly err: string};

export const realSystem: System = {
	read: path => readFile(path, 'latin1').catch(() => undefined),
	list: path => readdir(path).catch(() => []),
	run: (program, ...args) =>
		new Promise(resolve => {
			const options = {
				timeout: 10_000,
				maxBuffer: 16 * 1024 * 1024,
				env: {...process.env, LC_ALL: 'C.UTF-8', PATH: pathWithSbin()},
			};
			execFile(program, args, options, (error, out, err) => {
				const status = error === null ? 0 : error.code;
				resolve(typeof status === 'number' ? {status, out, err} : undefined);
			});
		}),
	node: process.versions.node,
};

/** Where ip, tc and modinfo are, whoever asks. */
function pathWithSbin(): string {
	return [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(':');
}
