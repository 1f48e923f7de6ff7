// SPDX-License-Identifier: MIT
import {NftablesError} from './error.ts';
import {load, type NativeContext, type Outcome} from './load.ts';
import {parseRuleset} from './parse.ts';
import type {NftCommand, NftRuleset} from './types.ts';

export {NftablesError} from './error.ts';
export {openIsolatedNftables} from './isolated.ts';
export {parseRuleset} from './parse.ts';
export type * from './types.ts';

export type Nftables = {
	/**
	 * Runs commands as one transaction: all or none. Resolves with what the library prints: what was listed, or,
	 * with `echo`, what was added, handles included. `dryRun` has it all checked and nothing changed.
	 */
	run(
		commands: readonly NftCommand[],
		options?: {readonly dryRun?: boolean; readonly echo?: boolean},
	): Promise<NftRuleset>;
	/** Everything in this network namespace. */
	list(): Promise<NftRuleset>;
	/**
	 * A command in nft's own language; resolves with text as nft prints it, with handles; `stateless` leaves out
	 * counters and other state.
	 */
	text(
		command: string,
		options?: {readonly dryRun?: boolean; readonly stateless?: boolean},
	): Promise<string>;
	/** Waits for what is running, then frees the context. */
	close(): Promise<void>;
};

export type NftablesOptions = {
	/** Output that is longer is refused; V8 takes no string of more than about 512 MiB. */
	readonly mostBytes?: number;
	/** Gets what the library cannot say otherwise, such as that a statement has no form in JSON. */
	readonly onWarning?: (text: string) => void;
};

/** A context of libnftables in the network namespace of this process. Throws NftablesError. */
export function openNftables({
	mostBytes = 256 * 1024 * 1024,
	onWarning = () => {},
}: NftablesOptions = {}): Nftables {
	const context = createContext();
	let last: Promise<unknown> = Promise.resolve();
	let isClosed = false;

	// A context runs one buffer at a time, so each call waits for the one before it, failed or not.
	const enqueue = <T>(work: () => Promise<T> | T): Promise<T> => {
		const result = last.then(work, work);
		last = result.catch(() => undefined);

		return result;
	};
	const run = async (commands: string, flags: number, dryRun: boolean): Promise<string> => {
		if (isClosed) {
			throw new NftablesError('the context is closed');
		}
		// The library would stop reading there and run the first half.
		if (commands.includes('\0')) {
			throw new TypeError('expected commands without NUL characters');
		}
		const outcome = await enqueue(() => context.run(commands, flags, dryRun, mostBytes)).catch(
			refuse,
		);
		if (outcome.warnings) {
			onWarning(outcome.warnings.trim());
		}

		return outputOf(outcome);
	};
	const runJson: Nftables['run'] = async (commands, {dryRun = false, echo = false} = {}) =>
		parseRuleset(
			await run(
				JSON.stringify({nftables: commands}),
				outputFlags.json | outputFlags.handle | (echo ? outputFlags.echo : 0),
				dryRun,
			),
		);

	return {
		run: runJson,
		list: () => runJson([{list: {ruleset: null}}]),
		text: (command, {dryRun = false, stateless = false} = {}) =>
			run(command, outputFlags.handle | (stateless ? outputFlags.stateless : 0), dryRun),
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

function refuse(cause: unknown): never {
	throw new NftablesError(cause instanceof Error ? cause.message : String(cause), {cause});
}

function outputOf({status, output, error}: Outcome): string {
	if (status !== 0) {
		throw new NftablesError(error.trim() || `libnftables failed with status ${status}`);
	}

	return output;
}

function createContext(): NativeContext {
	try {
		return new (load().Context)();
	} catch (cause) {
		return refuse(cause);
	}
}
