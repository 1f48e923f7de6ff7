// SPDX-License-Identifier: MIT
import type {Stats} from 'node:fs';
import {readlink, realpath, stat} from 'node:fs/promises';
import {dirname, resolve} from 'node:path';

type Owned = Pick<Stats, 'uid' | 'mode'>;

const othersMayWrite = 0o022;
const sticky = 0o1000;

/**
 * Why a file or directory of the policy is not to be believed: someone besides root and ourselves may
 * write it, as sudo, cron and sshd look at theirs. `expected X, got Y` with the command that mends it;
 * undefined where nobody may. An access list shows in the group's bits of the mode.
 */
export function distrust(path: string, {uid, mode}: Owned): string | undefined {
	const isOurs = uid === 0 || uid === process.geteuid?.();
	if (isOurs && (mode & othersMayWrite) === 0) {
		return undefined;
	}
	const mending = [
		...(isOurs ? [] : [`chown root ${quoted(path)}`]),
		...((mode & othersMayWrite) === 0 ? [] : [`chmod go-w ${quoted(path)}`]),
	].join(' && ');
	const octal = (mode & 0o7777).toString(8).padStart(4, '0');

	return `expected ${quoted(path)} to be written by root alone, got mode ${octal} and owner ${uid} (${mending})`;
}

/**
 * The same for what is above a path, above each link that it leads through, and above what it leads
 * to: who may rename a directory there may put another in its place. In one with the sticky bit, as
 * /tmp, nobody renames what is another's.
 */
export async function distrustAbove(path: string): Promise<string | undefined> {
	const ways = [...(await linksOf(resolve(path))), await realpath(path)];

	for (const above of new Set(ways.flatMap(ancestors))) {
		const {uid, mode} = await stat(above);
		const isSticky = (mode & sticky) !== 0;
		const why = distrust(above, {uid, mode: isSticky ? mode & ~othersMayWrite : mode});
		if (why !== undefined) {
			return why;
		}
	}

	return undefined;
}

/** The path, and where it leads from link to link; that they end, realpath() has to say. */
async function linksOf(path: string): Promise<string[]> {
	const ways = [path];

	for (let at = path; ways.length < 40; ways.push(at)) {
		const target = await readlink(at).catch(() => undefined);
		if (target === undefined) {
			break;
		}
		at = resolve(dirname(at), target);
	}

	return ways;
}

function ancestors(path: string): string[] {
	const above = dirname(path);

	return above === path ? [] : [above, ...ancestors(above)];
}

/** As a shell takes it. */
function quoted(path: string): string {
	return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
