// SPDX-License-Identifier: MIT
import {resolve} from 'node:path';
import {defaultSocket, stateFolder} from '../control/socket.ts';
import {configFile, readConfig} from '../fleet/config.ts';
import {keptFile, readKept} from '../fleet/kept.ts';
import {filesOf} from '../fleet/snapshot.ts';
import type {PolicyFile} from '../policy/files.ts';
import {policyDirs} from '../policy/load.ts';

/**
 * What the fleet's etcd has for this host's policy, as coloopd read it last and it was good: it stands beside the
 * installed files. Throws POLICY, as it is only root's to read.
 */
export async function documentsHere(config = configFile): Promise<readonly PolicyFile[]> {
	const fleet = await readConfig(config);
	if (!fleet) {
		return [];
	}
	const kept = await readKept(keptFile(stateFolder(defaultSocket)), fleet.prefix);
	if (kept) {
		return filesOf(kept);
	}
	const path = `etcd:${fleet.prefix}0.yaml`;

	return [{name: path, path, content: new Error('none: coloopd has not read it yet')}];
}

/** Those of a directory: of any but the installed one, none. */
export async function documentsBeside(directory: string): Promise<readonly PolicyFile[]> {
	return resolve(directory) === policyDirs[0] ? await documentsHere() : [];
}
