// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdtemp, readFile, rename, rm, utimes} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {cargoFile} from './cargo.ts';
import {Host, type HostOptions} from './host.ts';
import {LabError} from './errors.ts';
import {emulatorFor, images, type Stack} from './images.ts';
import {guestConfig, type GuestType} from './guest-config.ts';
import type {Mode} from './machine.ts';
import {cache} from './paths.ts';

/** What tells one snapshot from another. */
export type Flavour = {readonly stack: Stack; readonly mode: Mode; readonly type: GuestType};

export type Snapshot = {
	readonly images: string;
	readonly emulator: string;
	readonly disk: string;
};

export const snapshotName = 'up';

/** The host with guests a and b up; booted once, then from the cache. */
export async function snapshot(flavour: Flavour, say: (line: string) => void): Promise<Snapshot> {
	const {stack, mode, type} = flavour;
	const [image, emulator] = [await images(stack), await emulatorFor(type)];
	const hash = await key(image, emulator, type);
	const folder = path.join(cache, `snapshot-${stack}-${mode}-${type}-${hash}`);

	if (!existsSync(folder)) {
		say(`booting stack ${stack} (${mode}, ${type}), about two minutes`);
		const draft = await mkdtemp(path.join(cache, 'snapshot-draft-'));
		try {
			await boot(draft, {images: image, emulator, mode, type, say});
		} catch (error) {
			throw new LabError(`boot failed: see ${draft}/console.log`, {cause: error});
		}
		// Somebody may have been faster; theirs is as good.
		await rename(draft, folder).catch(() => rm(draft, {recursive: true}));
	}
	// Touched: make.sh forgets what nobody used for a week.
	await utimes(folder, new Date(), new Date());

	return {images: image, emulator, disk: path.join(folder, 'disk.qcow2')};
}

async function boot(
	folder: string,
	{type, ...options}: Omit<HostOptions, 'folder' | 'disk'> & {readonly type: GuestType},
): Promise<void> {
	const disk = path.join(folder, 'disk.qcow2');
	const run = promisify(execFile);

	await run('qemu-img', [
		'create',
		'-q',
		'-f',
		'qcow2',
		'-b',
		`${options.images}/root.ext4`,
		'-F',
		'raw',
		disk,
	]);
	const host = await Host.start({folder, disk, ...options});
	try {
		await host.answers('dom0');
		await host.create('a', {type});
		await host.create('b', {type});
		await host.prepare();
		await host.machine.save(snapshotName);
	} finally {
		await host.stop();
	}
	for (const name of ['agent.sock', 'qmp.sock', cargoFile]) {
		await rm(path.join(folder, name));
	}
}

// Everything that decides what is in a snapshot, beside the image.
async function key(image: string, emulator: string, type: GuestType): Promise<string> {
	const hash = createHash('sha256').update(image).update(guestConfig('a', {type}));
	const {stdout} = await promisify(execFile)(emulator, ['--version']);

	hash.update(emulator).update(stdout);
	for (const module of ['machine.js', 'host.js', 'guest-config.js', 'snapshot.js']) {
		hash.update(await readFile(fileURLToPath(new URL(module, import.meta.url))));
	}

	return hash.digest('hex').slice(0, 12);
}
