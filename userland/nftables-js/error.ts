// SPDX-License-Identifier: MIT

/**
 * Why a call failed: the name of the kernel's error (`ENOENT`, `EEXIST`, `EBUSY`, `EPERM`, ...), or
 *
 * - `INVALID`: the library does not understand the commands, or says no error of the kernel's
 * - `OUTPUT`: the library printed more than is taken, or what is not the JSON that was asked for
 * - `CLOSED`: the context is closed
 * - `TIMEOUT`: the process of an isolated context gave no answer in time
 * - `DIED`: that process ended meanwhile; its signal and last words are in the message
 * - `ADDON`: the addon could not be loaded
 */
export type NftErrorCode =
	'INVALID' | 'OUTPUT' | 'CLOSED' | 'TIMEOUT' | 'DIED' | 'ADDON' | `E${string}`;

/** Within the text that was given: both from 1; `column` counts bytes. */
export type NftPosition = {
	readonly line: number;
	readonly column: number;
	/** The last byte of what is wrong. */
	readonly lastColumn: number;
};

/** One thing that the library says is wrong. */
export type NftProblem = {
	readonly code: NftErrorCode;
	readonly text: string;
	/** Undefined for commands given as objects. */
	readonly position: NftPosition | undefined;
};

export type NftablesErrorOptions = {
	readonly cause?: unknown;
	readonly problems?: readonly NftProblem[] | undefined;
	readonly command?: number | undefined;
};

/** What the library refused, in its own words; or output of the library that cannot be understood. */
export class NftablesError extends Error {
	override readonly name = 'NftablesError';
	readonly code: NftErrorCode;
	/** All that the library says, in its order; `code` and `position` are those of the first. */
	readonly problems: readonly NftProblem[];
	readonly position: NftPosition | undefined;
	/** Which of the objects given to `run` was not understood, from 0; undefined where the library does not tell. */
	readonly command: number | undefined;

	constructor(
		code: NftErrorCode,
		message: string,
		{cause, problems = [], command}: NftablesErrorOptions = {},
	) {
		super(message, cause === undefined ? {} : {cause});
		this.code = code;
		this.problems = problems;
		this.position = problems[0]?.position;
		this.command = command;
	}
}
