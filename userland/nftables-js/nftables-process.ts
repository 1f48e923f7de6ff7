// SPDX-License-Identifier: MIT
import {NftablesError} from './error.ts';
import {openNftables} from './index.ts';
import type {Call, Failure, Reply} from './isolated.ts';

// The program that isolated.ts starts: it answers calls until its starter is gone.
process.title = 'nftables-js';
const nft = openNftables();

process.on('message', async ({id, method, args}: Call) => {
	// The arguments are those that isolated.ts was given for this method.
	const run = nft[method] as (...given: readonly unknown[]) => Promise<unknown>;
	let reply: Reply;

	try {
		reply = {id, value: await run(...args)};
	} catch (error) {
		reply = {id, failure: failureOf(error)};
	}
	process.send?.(reply);
});
process.once('disconnect', () => process.exit());

/** What a message between processes can hold of an error. */
function failureOf(error: unknown): Failure {
	if (error instanceof NftablesError) {
		const {code, message, problems, command} = error;

		return {code, message, problems, command};
	}

	return {code: 'INVALID', message: error instanceof Error ? error.message : String(error)};
}
