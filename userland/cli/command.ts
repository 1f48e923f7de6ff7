// SPDX-License-Identifier: MIT
import {InvalidArgumentError, type Command} from 'commander';
import type {System} from './system.ts';

/** Where a command's words go, data to `out`, everything else to `err`; `now`: Unix seconds. */
export type Console = {
	out(line: string): void;
	err(line: string): void;
	now(): number;
	/** Ends a command that would never end; without it, only ^C does. */
	readonly signal?: AbortSignal;
	/** The machine, unless it is the real one. */
	readonly system?: System;
};

/** What the commands share; `exit.status` is what `coloop` ends with unless something is thrown. */
export type Shell = {
	readonly program: Command;
	readonly console: Console;
	readonly exit: {status: number};
	/** As `console.out`, for what no terminal acts on already and is to keep its tabs. */
	raw(line: string): void;
	/** Where the daemon answers. */
	socket(): string;
};

/**
 * Adds commands to the program. Its file imports nothing but what their words and options need: what a
 * command does is imported when it runs, as starting Node is most of what `coloop` takes.
 */
export type Group = (shell: Shell) => void;

/** One name or two, as `[name] [other]` gives them. */
export function namesOf(first: string | undefined, second: string | undefined): string[] {
	return [first ?? [], second ?? []].flat();
}

export function parseSeconds(text: string): number {
	const seconds = Number(text);
	if (text.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) {
		return seconds;
	}
	throw new InvalidArgumentError(`expected seconds, got ${text}`);
}

export function parsePositive(text: string): number {
	const seconds = parseSeconds(text);
	if (seconds > 0) {
		return seconds;
	}
	throw new InvalidArgumentError('expected more than 0 seconds');
}

export function parseCount(text: string): number {
	if (/^\d{1,9}$/.test(text)) {
		return Number(text);
	}
	throw new InvalidArgumentError(`expected a whole number, got ${text}`);
}
