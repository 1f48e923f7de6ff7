// SPDX-License-Identifier: MIT
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {main} from '../../../userland/cli/main.ts';
import type {Answer, Request, Status} from '../../../userland/control/protocol.ts';
import {isServed, serve} from '../../../userland/control/server.ts';
import {statusOf} from '../control/_status.ts';

/** Unix seconds, to every command. */
export const now = 1_800_000_000;

export async function run(argv: readonly string[]) {
	const out: string[] = [];
	const err: string[] = [];
	const status = await main(argv, {
		out: line => out.push(line),
		err: line => err.push(line),
		now: () => now,
	});

	return {status, out, err: err.join('\n')};
}

type Handle = (request: Request) => Promise<Answer>;

/** Runs `coloop` against a daemon that answers so. */
export async function coloop(handle: Handle, ...argv: string[]) {
	return withDaemon(handle, socket => run(['--socket', socket, ...argv]));
}

/** While a daemon answers so on a socket of its own. */
export async function withDaemon<T>(
	handle: Handle,
	use: (socket: string) => Promise<T>,
): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const socket = join(folder, 'coloopd.sock');
	const stop = new AbortController();
	const served = serve(socket, handle, stop.signal);
	try {
		while (!(await isServed(socket))) {
			await new Promise(resolve => setImmediate(resolve));
		}

		return await use(socket);
	} finally {
		stop.abort();
		await served;
		await rm(folder, {recursive: true});
	}
}

export const says =
	(status: Status = statusOf()) =>
	async (): Promise<Answer> => ({ok: true, status});
