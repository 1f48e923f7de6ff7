// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {readdir, readFile} from 'node:fs/promises';
import {connect} from 'node:net';
import type {Store} from '../xenstore/store.ts';

/** What commands look at of the machine that they run on, and only look. */
export type System = {
	/** A file's text, a character a byte; undefined where there is none or it is not ours to read. */
	read(path: string): Promise<string | undefined>;
	/** What a directory holds; nothing where there is none. */
	list(path: string): Promise<readonly string[]>;
	/** A program's end; undefined where there is no such program, or it did not end in 10 s. */
	run(program: string, ...args: string[]): Promise<Ended | undefined>;
	/**
	 * In how many milliseconds the TCP of a host answers at a port, by taking the connection or by refusing
	 * it; undefined where it does not.
	 */
	connect(host: string, port: number): Promise<{ms: number | undefined; isOpen: boolean}>;
	/** Throws NO_XEN where there is none. */
	openStore(): Promise<Store>;
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
	connect: (host, port) =>
		new Promise(resolve => {
			const start = performance.now();
			const socket = connect({host, port, timeout: 1000});
			const end = (ms: number | undefined, isOpen: boolean) => {
				socket.destroy();
				resolve({ms, isOpen});
			};
			socket.on('connect', () => end(performance.now() - start, true));
			socket.on('timeout', () => end(undefined, false));
			socket.on('error', ({code}: NodeJS.ErrnoException) =>
				end(code === 'ECONNREFUSED' ? performance.now() - start : undefined, false),
			);
		}),
	openStore: async () => (await import('../xenstore/client.ts')).openStore(),
	node: process.versions.node,
};

/** Where ip, tc and modinfo are, whoever asks. */
function pathWithSbin(): string {
	return [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(':');
}
