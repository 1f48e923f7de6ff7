// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {dirname} from 'node:path';
import {ColoopError} from '../errors.ts';
import {sentence} from './log.ts';

/** What is locked, for people: `the host role`, `/run/coloop/coloopd.sock`. */
export type LockName = {readonly file: string; readonly what: string};

/** Another process has the lock; `pid` is what it wrote there, undefined where it has not yet. */
export class Locked extends ColoopError {
	readonly pid: number | undefined;

	constructor({file, what}: LockName, pid: number | undefined) {
		const who = pid === undefined ? 'another coloopd' : `another coloopd (pid ${pid})`;
		super('USAGE', `${who} has ${what}`, {
			hint: `stop it first: systemctl stop coloopd, or kill it by its pid (lock: ${file})`,
		});
		this.pid = pid;
	}
}

/**
 * Locks a file until this process ends, however it ends. The kernel decides who is first (flock(2)),
 * so no lock is ever left over, and the file stays where it is: to remove it would let two processes
 * lock two files of one name. Throws `Locked` where another process was first.
 */
export async function lock(name: LockName): Promise<void> {
	const fd = await open(name.file);
	try {
		if (!(await tryLock(fd))) {
			throw new Locked(name, lockedBy(name.file));
		}
	} catch (error) {
		closeSync(fd);
		throw error;
	}
	ftruncateSync(fd);
	writeSync(fd, `${process.pid}\n`, 0);
	/* Never closed: the lock goes with the descriptor. */
}

/** The process that has locked a file, or had it last; undefined where it has not said. */
export function lockedBy(file: string): number | undefined {
	try {
		const pid = Number.parseInt(readFileSync(file, 'latin1'), 10);

		return pid > 0 ? pid : undefined;
	} catch {
		return undefined;
	}
}

async function open(file: string): Promise<number> {
	try {
		await mkdir(dirname(file), {recursive: true, mode: 0o700});

		return openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
	} catch (cause) {
		throw new ColoopError('USAGE', `cannot be locked: ${sentence(cause)}`, {
			cause,
			hint: 'run coloopd as root',
		});
	}
}

/** A lock belongs to what was opened, which a child shares: it outlives the child. */
async function tryLock(fd: number): Promise<boolean> {
	const child = spawn('flock', ['--nonblock', '3'], {stdio: ['ignore', 'ignore', 'ignore', fd]});
	try {
		const [status] = (await once(child, 'exit')) as [number | null];

		return status === 0;
	} catch (cause) {
		throw new ColoopError('USAGE', `flock cannot be run: ${sentence(cause)}`, {
			cause,
			hint: 'install util-linux, which has it',
		});
	}
}
