// SPDX-License-Identifier: MIT
import type {NftCommand} from './commands.ts';
import {NftablesError} from './error.ts';
import {load, type Native, type NativeContext, type Outcome} from './load.ts';
import {parseRuleset} from './parse.ts';
import {createQueue} from './queue.ts';
import {refusalOf} from './refusal.ts';
import type {NftRuleset} from './types.ts';

export type * from './commands.ts';
export {NftablesError} from './error.ts';
export type * from './error.ts';
export {openIsolatedNftables} from './isolated.ts';
export type {IsolatedOptions} from './isolated.ts';
export {parseRuleset} from './parse.ts';
export type * from './statements.ts';
export type * from './types.ts';

export type CallOptions = {
	/**
	 * Aborted before the call's turn has come: nothing is done. Aborted later: the call rejects at once all the same, and
	 * whether its transaction was made is not known; `openIsolatedNftables` also ends what runs.
	 */
	readonly signal?: AbortSignal;
};

export type RunOptions = CallOptions & {
	/** Checks everything that the library checks by itself, and changes nothing. */
	readonly dryRun?: boolean;
	/** Resolves with what was added, handles included. */
	readonly echo?: boolean;
};

export type TextOptions = CallOptions & {
	readonly dryRun?: boolean;
	/** Leaves out counters and other state. */
	readonly stateless?: boolean;
};

/** Every call rejects with NftablesError, or with the reason of its signal. */
export type Nftables = {
	/**
	 * Runs commands as one transaction: all or none, and no packet meets half of it. Resolves with what the library prints:
	 * what was listed, or, with `echo`, what was added.
	 */
	run(commands: readonly NftCommand[], options?: RunOptions): Promise<NftRuleset>;
	/** Everything in this network namespace. */
	list(options?: CallOptions): Promise<NftRuleset>;
	/** Commands in nft's own language, also one transaction; resolves with text as nft prints it, with handles. */
	text(commands: string, options?: TextOptions): Promise<string>;
	/** Waits for what is running, then frees the context. */
	close(): Promise<void>;
};

export type NftablesOptions = {
	/** Output that is longer is refused; V8 takes no string of more than about 512 MiB. */
	readonly mostBytes?: number;
	/** Gets what the library cannot say otherwise, such as that a statement has no form in JSON. */
	readonly onWarning?: (text: string) => void;
};

/**
 * The library does one thing at a time in a process, however many contexts there are. A context that waited for it in a
 * thread of Node's pool would keep files and name look-ups from that thread.
 */
const enqueue = createQueue();

/** A context of libnftables in the network namespace of this process. Throws NftablesError (`ADDON`, `E...`). */
export function openNftables({
	mostBytes = 256 * 1024 * 1024,
	onWarning = () => {},
}: NftablesOptions = {}): Nftables {
	const {native, context} = createContext();
	let isClosed = false;

	const run = async (
		commands: string,
		flags: number,
		{dryRun = false, signal}: {readonly dryRun?: boolean; readonly signal?: AbortSignal},
	): Promise<string> => {
		if (isClosed) {
			throw new NftablesError('CLOSED', 'the context is closed');
		}
		// The library would stop reading there and run the first half.
		if (commands.includes('\0')) {
			throw new TypeError('expected commands without NUL characters');
		}
		const outcome = await enqueue(async () => {
			const made = await context.run(commands, flags, dryRun, mostBytes).catch(tooLong);

			if (made.warnings) {
				onWarning(made.warnings.trim());
			}

			return made;
		}, signal);

		return outputOf(outcome, native);
	};
	const runJson: Nftables['run'] = async (commands, {echo = false, ...options} = {}) =>
		parseRuleset(
			await run(
				JSON.stringify({nftables: commands}),
				outputFlags.json | outputFlags.handle | (echo ? outputFlags.echo : 0),
				options,
			),
		);

	return {
		run: runJson,
		list: options => runJson([{list: {ruleset: null}}], options),
		text: (commands, {stateless = false, ...options} = {}) =>
			run(commands, outputFlags.handle | (stateless ? outputFlags.stateless : 0), options),
		async close() {
			if (isClosed) {
				return;
			}
			isClosed = true;
			await enqueue(() => context.close());
		},
	};
}

/** NFT_CTX_OUTPUT_* of libnftables.h. */
const outputFlags = {stateless: 1 << 2, handle: 1 << 3, json: 1 << 4, echo: 1 << 5} as const;

function tooLong(cause: unknown): never {
	throw new NftablesError('OUTPUT', messageOf(cause), {cause});
}

function outputOf({status, output, error}: Outcome, {errorNames}: Native): string {
	if (status !== 0) {
		throw refusalOf(error.trim() || `libnftables failed with status ${status}`, errorNames);
	}

	return output;
}

function createContext(): {native: Native; context: NativeContext} {
	const native = loadNative();

	try {
		return {native, context: new native.Context()};
	} catch (cause) {
		throw refusalOf(`Error: ${messageOf(cause)}`, native.errorNames);
	}
}

function loadNative(): Native {
	try {
		return load();
	} catch (cause) {
		throw new NftablesError('ADDON', messageOf(cause), {cause});
	}
}

function messageOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
