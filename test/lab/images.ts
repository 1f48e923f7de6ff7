// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import path from 'node:path';
import {LabError} from './errors.ts';
import {repository} from './paths.ts';

export type Stack = '12' | '13';

export const stacks: readonly Stack[] = ['13', '12'];

/** Builds the images of a stack unless the cache has them; answers with their folder. */
export async function images(stack: Stack): Promise<string> {
	const script = path.join(repository, 'test/lab/images/make.sh');
	const running = promisify(execFile)(script, [stack]);
	running.child.stderr?.pipe(process.stderr);
	try {
		return (await running).stdout.trim();
	} catch (error) {
		throw new LabError(`images of stack ${stack} could not be built`, {cause: error});
	}
}
