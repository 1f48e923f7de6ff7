// SPDX-License-Identifier: MIT
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

/** A Unix socket on which each connection is served by `serve`; gone after the test. */
export async function listen(
	t: ExecutionContext,
	serve: (socket: Socket) => void,
): Promise<string> {
	const folder = mkdtempSync(join(tmpdir(), 'coloop-ovs-'));
	const path = join(folder, 'socket');
	const sockets = new Set<Socket>();
	const server = createServer(socket => {
		sockets.add(socket);
		socket.on('error', () => {});
		serve(socket);
	});

	await new Promise<void>(resolve => server.listen(path, resolve));
	t.teardown(() => {
		sockets.forEach(socket => socket.destroy());
		server.close();
		rmSync(folder, {recursive: true, force: true});
	});

	return path;
}
