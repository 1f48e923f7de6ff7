// SPDX-License-Identifier: MIT
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';

/** The repository; this file runs from build/ts/test/lab. */
export const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** Images, snapshots and running labs live outside the tree. */
export const cache =
	process.env['COLOOP_CACHE'] ??
	path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'coloop');
