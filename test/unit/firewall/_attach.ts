// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {ExecutionContext} from 'ava';

/** Builds attach.c; the path of the program. */
export async function buildAttach(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'attach-'));
	const path = join(folder, 'attach');

	t.teardown(() => rm(folder, {recursive: true}));
	await promisify(execFile)('gcc', ['-o', path, 'test/unit/firewall/attach.c']);

	return path;
}
