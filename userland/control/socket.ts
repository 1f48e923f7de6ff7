// SPDX-License-Identifier: MIT
import {dirname} from 'node:path';

/** Where the daemon listens and the CLI asks, unless told otherwise. */
export const defaultSocket = '/run/coloop/coloopd.sock';

/** What outlives a boot; with a socket of its own a daemon keeps it beside that. systemd says where StateDirectory is. */
export function stateFolder(socket: string): string {
	return socket === defaultSocket
		? process.env['STATE_DIRECTORY'] || '/var/lib/coloop'
		: dirname(socket);
}
