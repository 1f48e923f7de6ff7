// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import {basename} from 'node:path';
import type {Want} from '../control/protocol.ts';
import {documentsBeside} from './fleet-documents.ts';
import {isPolicy, readPolicyFile} from '../policy/files.ts';
import {loadFile, loadPolicy, type LoadedPolicy} from '../policy/load.ts';
import {ignoredFile} from '../policy/not-read.ts';
import {maxFileBytes} from '../policy/parse.ts';
import type {Identity} from '../policy/types.ts';
import type {Side} from '../policy/warnings.ts';
import {isControlDomain} from '../xenstore/control-domain.ts';

/** Lines `file:line:col: error: ...` and `...: warning: ...`. */
type Findings = {readonly errors: readonly string[]; readonly warnings: readonly string[]};

/**
 * What the daemon would say of each of these: a directory of policy, a file that is to stand in one, or
 * `-`, which is standard input. The only difference is that it says nothing of files that it ignores.
 */
export async function lint(paths: readonly string[], world: World = {}): Promise<Findings> {
	const side = 'side' in world ? world.side : await thisSide();
	const known = {side, present: world.present};
	const found: Findings[] = [];
	for (const path of paths) {
		const isInput = path === '-';
		found.push(await (isInput ? lintInput(known, world.input) : lintPath(path, known)));
	}

	return {
		errors: found.flatMap(({errors}) => errors),
		warnings: found.flatMap(({warnings}) => warnings),
	};
}

/** What a test passes instead of this machine and its standard input. */
type World = {
	readonly side?: Side | undefined;
	readonly input?: AsyncIterable<Uint8Array>;
	/** All domains of the host, where a coloopd knows them. */
	readonly present?: readonly Identity[] | undefined;
};

type Known = Pick<World, 'side' | 'present'>;

async function lintPath(path: string, known: Known): Promise<Findings> {
	const file = await readPolicyFile(path);
	if (file === 'directory') {
		return textOf(await loadPolicy(path, {...known, documents: await documentsBeside(path)}));
	}
	const unread = isPolicy(basename(path)) ? [] : [ignoredFile(path)];

	return textOf(await loadFile(file, known), unread);
}

/** As a file, and as long as one may be. */
async function lintInput(
	known: Known,
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

	return textOf(await loadFile({name: '-', path: '-', content}, known));
}

function textOf(
	{errors, warnings}: Pick<LoadedPolicy, 'errors' | 'warnings'>,
	unread: readonly string[] = [],
): Findings {
	return {errors: errors.map(({message}) => message), warnings: [...unread, ...warnings]};
}

/** Undefined where no coloopd with dom0's role answers. */
export async function domainsHere(socket: string): Promise<Identity[] | undefined> {
	const {askStatus} = await import('../control/client.ts');
	const want: Want = {peers: 'none', pairs: 'none', domains: true};
	const domains = (await askStatus(socket, want).catch(() => undefined))?.domains ?? [];
	/* One that does not tell UUIDs is older than us; dom0 at least is there. */
	const hasUuids = domains.length > 0 && domains.every(({uuid}) => uuid !== undefined);

	return hasUuids
		? domains.map(({name, domid, uuid}) => ({name, domid, uuid: uuid ?? undefined}))
		: undefined;
}

/** In a guest rules for pairs do nothing; where there is no Xen, a policy may be for anywhere. */
async function thisSide(): Promise<Side | undefined> {
	if (await isControlDomain()) {
		return 'dom0';
	}
	const type = await readFile('/sys/hypervisor/type', 'latin1').catch(() => '');

	return type.trim() === 'xen' ? 'guest' : undefined;
}
