// SPDX-License-Identifier: MIT
import {ColoopError} from './errors.ts';

/** What sockaddr_un has room for, a final 0 left out. */
const longest = 107;

/** The path that an option has for a socket; throws USAGE where it is too long, of which Node would cut the rest. */
export function fitSocketPath(path: string, option: string): string {
	const bytes = Buffer.byteLength(path);
	if (bytes > longest) {
		throw new ColoopError(
			'USAGE',
			`${option}: a socket's path has ${longest} bytes at most, got one of ${bytes}`,
			{hint: 'name a shorter one, as in /run/coloop'},
		);
	}

	return path;
}
