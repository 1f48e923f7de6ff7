// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import {isPolicy, readPolicyFile} from '../policy/files.ts';
import {ignoredFile, loadFile, loadPolicy, type LoadedPolicy} from '../policy/load.ts';
import {maxFileBytes} from '../policy/parse.ts';
import type {Side} from '../policy/warnings.ts';

/** Lines `file:line:col: error: ...` and `...: warning: ...`. */
type Findings = {readonly errors: readonly string[]; readonly warnings: readonly string[]};

/**
 * What the daemon would say of each of these: a directory of policy, a file that is to stand in one, or
 * `-`, which is standard input. The only difference is that it says nothing of files that it ignores.
 */
export async function lint(paths: readonly string[], world: World = {}): Promise<Findings> {
	const side = 'side' in world ? world.side : await thisSide();
	const found: Findings[] = [];
	for (const path of paths) {
		const isInput = path === '-';
		found.push(await (isInput ? lintInput(side, world.input) : lintPath(path, side)));
	}

	return {
		errors: found.flatMap(({errors}) => errors),
		warnings: found.flatMap(({warnings}) => warnings),
	};
}

/** What a test passes instead of this machine and its standard input. */
type World = {readonly side?: Side | undefined; readonly input?: AsyncIterable<Uint8Array>};

async function lintPath(path: string, side: Side | undefined): Promise<Findings> {
	const file = await readPolicyFile(path);
	if (file === 'directory') {
		return textOf(await loadPolicy(path, {side}));
	}
	const unread = isPolicy(basename(path)) ? [] : [ignoredFile(path)];

	return textOf(await loadFile(file, {side}), unread);
}

/** As a file, and as long as one may be. */
async function lintInput(
	side: Side | undefined,
	input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<Findings> {
	const pieces: Uint8Array[] = [];
	let length = 0;
	for await (const piece of input) {
		pieces.push(piece);
		length += piece.length;
		if (length > maxFileBytes) {
			break;
		}
	}
	const content = Buffer.concat(pieces);

	return textOf(await loadFile({name: '-', path: '-', content}, {side}));
}

function textOf(
	{errors, warnings}: Pick<LoadedPolicy, 'errors' | 'warnings'>,
	told: readonly string[] = [],
): Findings {
	return {errors: errors.map(({message}) => message), warnings: [...told, ...warnings]};
}

/** In a guest rules for pairs do nothing; where there is no Xen, a policy may be for anywhere. */
async function thisSide(): Promise<Side | undefined> {
	const read = (path: string) => readFile(path, 'latin1').catch(() => '');
	if ((await read('/proc/xen/capabilities')).includes('control_d')) {
		return 'dom0';
	}

	return (await read('/sys/hypervisor/type')).trim() === 'xen' ? 'guest' : undefined;
}
