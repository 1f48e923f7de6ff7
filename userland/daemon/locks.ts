// SPDX-License-Identifier: MIT
import {dirname, join} from 'node:path';
import {isServed} from '../control/server.ts';
import {defaultSocket} from '../control/socket.ts';
import {ColoopError} from '../errors.ts';
import {hasXenStore} from '../xenstore/transport.ts';
import type {Role} from './daemon.ts';
import {lock, Locked, lockedBy, type LockName} from './lock.ts';

/** Not by the socket's folder: a socket elsewhere makes no second role. */
const folder = dirname(defaultSocket);

/** What makes one daemon the only one of its kind. */
export type Locks = {
	/** Of the socket, and so of what is held beside it. */
	socket(path: string): Promise<void>;
	/** One process has a role in a domain: two would undo each other's work. */
	roles(): Promise<void>;
};

/** Locks are held until the process ends. Throws USAGE that names who has one. */
export function createLocks(roles: readonly Role[]): Locks {
	const mine = new Set<Role>();

	return {
		socket: path => lock(socketLock(path)),
		async roles() {
			for (const role of roles.filter(each => !mine.has(each))) {
				await lock({file: join(folder, `${role}.lock`), what: `the ${role} role`});
				mine.add(role);
			}
		},
	};
}

/**
 * Before anything starts. Where there is no XenStore yet, a role can do no harm; it is locked when it
 * opens the store.
 */
export async function lockAll(locks: Locks, socket: string): Promise<void> {
	await locks.socket(socket);
	if (hasXenStore()) {
		await locks.roles();
	}
}

/** Before all is taken back: a daemon that runs would put it there again. */
export async function lockToWithdraw(locks: Locks, socket: string): Promise<void> {
	if (await isServed(socket)) {
		throw stopFirst(new Locked(socketLock(socket), lockedBy(socketLock(socket).file)));
	}
	if (!hasXenStore()) {
		return;
	}
	try {
		await locks.roles();
	} catch (error) {
		throw error instanceof Locked ? stopFirst(error) : error;
	}
}

function socketLock(path: string): LockName {
	return {file: `${path}.lock`, what: path};
}

function stopFirst(cause: Locked): ColoopError {
	return new ColoopError('USAGE', `${cause.message}, and would put back what is withdrawn`, {
		cause,
		hint: 'stop it, then withdraw: systemctl stop coloopd && coloopd --withdraw',
	});
}
