// SPDX-License-Identifier: MIT
import {fstatSync} from 'node:fs';
import {ColoopError} from '../errors.ts';
import {createRepeats} from './repeats.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

type Field = string | number | boolean | null | undefined | readonly string[];
export type Fields = Readonly<Record<string, Field>>;

/** One JSON object a line; events are past-tense verbs: `channel.opened`, `peer.announced`. */
export type Log = Record<LogLevel, (event: string, fields?: Fields) => void>;

type Options = {
	/** Begins each line with its priority, for the journal of systemd. */
	readonly hasPriority?: boolean;
	/** Milliseconds that never jump. */
	readonly now?: () => number;
};

/** A warning or an error that comes again and again is written ever more rarely, see repeats.ts. */
export function createLog(
	write: (line: string) => void,
	threshold: LogLevel = 'info',
	{hasPriority = false, now = () => performance.now()}: Options = {},
): Log {
	const repeats = createRepeats(now);
	const at =
		(level: LogLevel) =>
		(event: string, fields: Fields = {}) => {
			if (logLevels.indexOf(level) > logLevels.indexOf(threshold)) {
				return;
			}
			const isTrouble = level === 'error' || level === 'warn';
			const leftOut = isTrouble ? repeats.take(JSON.stringify([event, fields])) : 0;
			if (leftOut === undefined) {
				return;
			}
			const record = {time: new Date().toISOString(), level, event, ...fields};
			const line = JSON.stringify(leftOut > 0 ? {...record, repeated: leftOut} : record);
			write(hasPriority ? `<${priorities[level]}>${line}` : line);
		};

	return {error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug')};
}

/** As sd-daemon(3) has them. */
const priorities: Readonly<Record<LogLevel, number>> = {error: 3, warn: 4, info: 6, debug: 7};

/** The log on standard error. */
export function openLog(threshold: LogLevel): Log {
	return createLog(line => process.stderr.write(`${line}\n`), threshold, {
		hasPriority: isJournal(process.env['JOURNAL_STREAM'], process.stderr.fd),
	});
}

/** Whether a file descriptor is the one of which systemd says, as `device:inode`, that its journal reads it. */
export function isJournal(stream: string | undefined, fd: number): boolean {
	try {
		const {dev, ino} = fstatSync(fd);

		return stream === `${dev}:${ino}`;
	} catch {
		return false;
	}
}

export function sentence(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** What a log line says about a failure. */
export function describe(error: unknown): Fields {
	if (error instanceof ColoopError) {
		return {code: error.code, message: error.message, hint: error.hint};
	}

	return {message: error instanceof Error ? (error.stack ?? error.message) : String(error)};
}
