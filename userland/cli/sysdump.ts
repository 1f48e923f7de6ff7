// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, open, rm, writeFile, type FileHandle} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import type {Status} from '../control/protocol.ts';
import {ColoopError} from '../errors.ts';
import {makeFile} from '../new-file.ts';
import {statusFor} from './ask.ts';
import {createPseudonyms, type Pseudonyms} from './pseudonyms.ts';
import {ruleNames} from './rule-names.ts';
import {pieces, type Piece} from './sysdump-pieces.ts';
import type {System} from './system.ts';

type Wanted = {
	readonly file: string;
	/** Names, addresses and the policy as they are. */
	readonly isAll: boolean;
	/** Seconds since 1970. */
	readonly now: number;
};

export type Dumped = {readonly file: string; readonly pieces: readonly string[]};

/**
 * Writes an archive for a report, which only its owner can read. What cannot be had is said in its place.
 * Throws USAGE where there is such a file already, and leaves nothing where it fails.
 */
export async function sysdump(socket: string, wanted: Wanted, system: System): Promise<Dumped> {
	/* Never one that somebody else put there. */
	const archive = await makeFile(wanted.file, () => open(wanted.file, 'wx', 0o600));
	const work = await mkdtemp(join(tmpdir(), 'coloop-sysdump-'));
	try {
		const status = await statusFor(socket, {peers: 'all', pairs: 'some'}).catch(
			() => undefined,
		);
		const safe = wanted.isAll ? undefined : await pseudonymsOf(status, system);
		const chosen = pieces.filter(({isPrivate}) => wanted.isAll || !isPrivate);
		const folder = join(work, 'coloop-sysdump');
		for (const piece of chosen) {
			const path = join(folder, piece.file);
			await mkdir(dirname(path), {recursive: true, mode: 0o700});
			await writeFile(
				path,
				await textOf(piece, {system, socket, status, now: wanted.now}, safe),
			);
		}
		await pack(work, archive);

		return {file: wanted.file, pieces: chosen.map(({file}) => file)};
	} catch (error) {
		await rm(wanted.file, {force: true});
		throw error;
	} finally {
		await archive.close();
		await rm(work, {recursive: true});
	}
}

async function pseudonymsOf(status: Status | undefined, system: System): Promise<Pseudonyms> {
	const [machine = '', host = ''] = await Promise.all(
		['/etc/machine-id', '/proc/sys/kernel/hostname'].map(
			async path => (await system.read(path))?.trim() ?? '',
		),
	);
	const names = [
		...(status?.peers ?? []).map(({peer}) => peer),
		...(status?.pairs ?? []).flatMap(({a, b}) => [a.name, b.name]),
		...(await namesInXenStore(system)),
		...(await ruleNames(system)),
	];

	return createPseudonyms(machine, [...names, host]);
}

/** Of domains that no channel is told of; in dom0 all can be read. */
async function namesInXenStore(system: System): Promise<string[]> {
	try {
		const store = await system.openStore();
		try {
			const domids = await store.list('/local/domain').catch(() => []);
			const names = domids.map(domid => store.read(`/local/domain/${domid}/name`));

			return (await Promise.allSettled(names)).flatMap(each =>
				each.status === 'fulfilled' ? (each.value ?? []) : [],
			);
		} finally {
			await store.close();
		}
	} catch {
		return [];
	}
}

type Sources = Parameters<Piece['read']>[0];

async function textOf(
	{read}: Piece,
	sources: Sources,
	safe: Pseudonyms | undefined,
): Promise<string> {
	try {
		const found = await read(sources);
		if (typeof found === 'string') {
			return safe ? safe.text(found) : found;
		}

		return `${JSON.stringify(safe ? safe.json(found) : found, null, 2)}\n`;
	} catch (error) {
		const says = error instanceof Error ? error.message : String(error);

		return `not to be had: ${safe ? safe.text(says) : says}\n`;
	}
}

async function pack(work: string, archive: FileHandle): Promise<void> {
	const args = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '-czC', work];
	const tar = spawn('tar', [...args, 'coloop-sysdump'], {stdio: ['ignore', archive.fd, 'pipe']});
	const complaints: string[] = [];
	tar.stderr?.setEncoding('utf8').on('data', text => complaints.push(String(text)));
	const [status] = (await once(tar, 'close')) as [number | null];
	if (status !== 0) {
		throw new ColoopError(
			'USAGE',
			`tar: ${complaints.join('').trim() || `ended with ${status}`}`,
			{
				hint: 'is there room on the disk?',
			},
		);
	}
}
