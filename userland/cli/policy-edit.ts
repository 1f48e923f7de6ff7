// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ColoopError} from '../errors.ts';
import {install, propose, readProposal, type Outcome} from './policy-apply.ts';
import {tokenOf} from './policy-read.ts';

type Edit = {
	readonly directory: string;
	readonly name: string;
	/** Asks whether to go on after an error; undefined: nobody is there to be asked. */
	readonly ask: ((message: string) => Promise<boolean>) | undefined;
	/** A shell's words. */
	readonly editor: string;
};

const template = 'version: 1\n';

/**
 * A copy of a file in the editor; what comes back is checked as if it were installed, and then is. Undefined
 * where nothing was changed. Throws POLICY where it is broken, or another changed the policy meanwhile.
 */
export async function edit({directory, name, ask, editor}: Edit): Promise<Outcome | undefined> {
	const token = await tokenOf(directory);
	const before = await readFile(join(directory, name), 'utf8').catch(() => template);
	const folder = await mkdtemp(join(tmpdir(), 'coloop-edit-'));
	const path = join(folder, name);

	try {
		await writeFile(path, before);
		for (;;) {
			await run(editor, path);
			const proposal = await readProposal(path, {directory, name});
			if (Buffer.from(proposal.content).toString() === before) {
				return undefined;
			}
			try {
				await propose(proposal);
			} catch (error) {
				if (!(error instanceof ColoopError) || !(await ask?.(error.message))) {
					throw error;
				}
				continue;
			}

			return await install(proposal, token);
		}
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}

/** As git and crontab do: the words of $EDITOR are a shell's. */
async function run(editor: string, path: string): Promise<void> {
	const child = spawn('sh', ['-c', `${editor} "$1"`, editor, path], {stdio: 'inherit'});
	const status = await new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', resolve);
	});
	if (status !== 0) {
		throw new ColoopError('USAGE', `the editor (${editor}) ended with ${String(status)}`, {
			hint: 'nothing was changed; VISUAL and EDITOR say which editor to use',
		});
	}
}
