// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {copyFile, mkdir, readdir, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {promisify} from 'node:util';
import {running} from './checks.ts';
import type {Guest} from './guest.ts';
import {watches, type Stack} from './images.ts';
import type {Lab} from './lab.ts';
import {repository} from './paths.ts';

// Where the kernel keeps them, by the folder that the module was built in; unloading adds to them.
const kept = '/sys/kernel/debug/gcov/mnt/kmod';

/** The guests' counts of what ran of the module, with the notes of its build, for test/cover. */
export async function keepCounts(lab: Lab, title: string): Promise<void> {
	const {stack} = lab.flavour;

	if (!watches(stack)) {
		return;
	}
	for (const machine of await running(lab)) {
		if ((await machine.run(`test -d ${kept}`, {fails: 'maybe', silent: true})).status !== 0) {
			continue;
		}
		const name = `${title.replaceAll(/[^\w]+/g, '-')}-${machine.name}`;
		await keep(machine, stack, path.join(repository, 'build/cover/lab', name));
	}
}

async function keep(machine: Guest, stack: Stack, folder: string): Promise<void> {
	const archive = path.join(folder, 'counts.tar');
	const notes = path.join(repository, `build/work-${stack}/kmod`);

	await rm(folder, {recursive: true, force: true});
	await mkdir(folder, {recursive: true});
	for (const name of (await readdir(notes)).filter(each => each.endsWith('.gcno'))) {
		await copyFile(path.join(notes, name), path.join(folder, name));
	}
	await writeFile(archive, await countsOf(machine));
	await promisify(execFile)('tar', ['--extract', '--file', archive, '--directory', folder]);
	await rm(archive);
}

// The files have no size until they are read, so tar would find nothing in them.
async function countsOf(machine: Guest): Promise<Buffer> {
	const chunks: Buffer[] = [];
	const {done} = machine.spawn(
		`mkdir -p /tmp/counts && cd ${kept} &&
		for each in *.gcda; do cat $each >/tmp/counts/$each; done && tar --create -C /tmp/counts .`,
		{silent: true, stdout: chunk => void chunks.push(chunk)},
	);
	await done;

	return Buffer.concat(chunks);
}
