// SPDX-License-Identifier: MIT
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {env} from 'node:process';
import {fileURLToPath} from 'node:url';

export type Outcome = {
	readonly status: number;
	readonly output: string;
	readonly error: string;
	/** What the library would have written to stderr. */
	readonly warnings: string;
};

/** One libnftables context; runs one buffer at a time and throws if asked for a second. */
export type NativeContext = {
	run(commands: string, flags: number, dryRun: boolean, mostBytes: number): Promise<Outcome>;
	close(): Promise<void>;
};

/** What nftables.cc exports. */
export type Native = {
	readonly Context: new () => NativeContext;
	/** What the library says of errors of the kernel, each with its name. */
	readonly errorNames: {readonly [text: string]: string};
};

/** Loads nftables.node, or throws an error that names every path tried and what was wrong there. */
export function load(): Native {
	const require = createRequire(import.meta.url);
	const failures: string[] = [];

	for (const path of candidates(dirname(fileURLToPath(import.meta.url)))) {
		try {
			return require(path) as Native;
		} catch (error) {
			failures.push(`${path}: ${firstLine(error)}`);
		}
	}
	throw new Error(`cannot load nftables.node; tried\n  ${failures.join('\n  ')}`);
}

/** Where it was chosen to be, beside the bundle, built in this package by make or node-gyp, or seen from build/ts of the tree. */
function candidates(here: string): string[] {
	const chosen = env['COLOOP_ADDON_DIR'];

	return [
		...(chosen === undefined ? [] : [chosen]),
		here,
		join(here, 'build'),
		join(here, '..', 'build'),
		join(here, '..', 'build/Release'),
		join(here, '../../../../userland/nftables-js/build'),
	].map(directory => join(directory, 'nftables.node'));
}

function firstLine(error: unknown): string {
	return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
