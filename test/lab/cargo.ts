// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {open, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import {promisify} from 'node:util';
import {Skip} from './errors.ts';
import type {Stack} from './images.ts';
import {repository} from './paths.ts';

/**
 * Fresh builds reach the machines as one tar archive on a raw disk: written
 * here behind QEMU's back, read there past every cache.
 */
export const cargoBytes = 64 << 20;
export const cargoFile = 'cargo';

/** Writes the archive of build/stack-N into a lab's cargo disk. */
export async function pack(stack: Stack, folder: string): Promise<void> {
	const builds = path.join(repository, `build/stack-${stack}`);
	const archive = path.join(folder, 'cargo.tar');

	if (!existsSync(builds)) {
		throw new Skip(`no ${builds}: run test/setup/build.sh ${stack}`);
	}
	await promisify(execFile)('tar', [
		...['--create', '--file', archive, '--directory', builds],
		...['--owner=0', '--group=0', '--transform=s,^\\.,opt/coloop,', '.'],
	]);
	const disk = await open(path.join(folder, cargoFile), 'a').then(async created => {
		await created.close();

		return open(path.join(folder, cargoFile), 'r+');
	});
	try {
		await disk.write(await readFile(archive), 0, null, 0);
		await disk.truncate(cargoBytes);
	} finally {
		await disk.close();
		await rm(archive);
	}
}

/**
 * The command that unpacks it in a machine; the archive knows its own end. A kernel that is not
 * the guests' finds its modules in a folder of its name.
 */
export function unpackCommand(device: string): string {
	return `dd if=${device} bs=1M iflag=direct status=none | tar --extract --directory=/
		own=/opt/coloop/$(uname -r)
		if [ -d $own ]; then cp $own/* /opt/coloop/; fi`;
}
