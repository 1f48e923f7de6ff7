// SPDX-License-Identifier: MIT
//
// Writes what follows from kmod/spec/coloop.yaml. With --check it writes nothing and fails where a
// file differs. Runs from the top of the tree.
import {readFile, writeFile} from 'node:fs/promises';
import {argv} from 'node:process';
import {emitConstants} from './emit-constants.ts';
import {emitKernelHeader, emitKernelSource} from './emit-kernel.ts';
import {emitUapi} from './emit-uapi.ts';
import {parseSpec} from './parse.ts';

const spec = parseSpec(await readFile('kmod/spec/coloop.yaml', 'utf8'));
const constants = 'userland/kernel/constants.ts';
const files = {
	'kmod/uapi/coloop.h': emitUapi(spec),
	'kmod/netlink-gen.h': emitKernelHeader(spec),
	'kmod/netlink-gen.c': emitKernelSource(spec),
	[constants]: await emitConstants(spec, constants),
};

for (const [path, text] of Object.entries(files)) {
	const current = await readFile(path, 'utf8').catch(() => '');

	if (current === text) {
		continue;
	}
	if (argv.includes('--check')) {
		console.error(`${path}: differs from kmod/spec/coloop.yaml, run make generate`);
		process.exitCode = 1;
	} else {
		await writeFile(path, text);
		console.log(`${path}: written`);
	}
}
