// SPDX-License-Identifier: MIT
import {openNftables} from './index.ts';
import type {Call, Reply} from './isolated.ts';

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
		reply = {id, failure: error instanceof Error ? error.message : String(error)};
	}
	process.send?.(reply);
});
process.once('disconnect', () => process.exit());
