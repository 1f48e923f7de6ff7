#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import {main} from '../cli/main.ts';

/* `coloop | head` is no error; a full disk is. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
	if (error.code === 'EPIPE') {
		process.exit(0);
	}
	process.stderr.write(`coloop: standard output: ${error.message}\n`);
	process.exit(1);
});
/* Where stderr is closed, the data still goes to stdout, and the exit status still tells of errors. */
process.stderr.on('error', () => {});

main(process.argv.slice(2), {
	out: line => process.stdout.write(`${line}\n`),
	err: line => process.stderr.write(`${line}\n`),
	now: () => Math.floor(Date.now() / 1000),
}).then(status => {
	process.exitCode = status;
});
