// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

type Field = string | number | boolean | null | undefined | readonly string[];
type Fields = Readonly<Record<string, Field>>;

/** One JSON object a line; events are past-tense verbs: `channel.opened`, `peer.announced`. */
export type Log = Record<LogLevel, (event: string, fields?: Fields) => void>;

export function createLog(write: (line: string) => void, threshold: LogLevel = 'info'): Log {
	const at =
		(level: LogLevel) =>
		(event: string, fields: Fields = {}) => {
			if (logLevels.indexOf(level) > logLevels.indexOf(threshold)) {
				return;
			}
			write(JSON.stringify({time: new Date().toISOString(), level, event, ...fields}));
		};

	return {error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug')};
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
