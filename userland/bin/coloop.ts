#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import {main} from '../cli/main.ts';

/* `coloop | head` is no error. */
process.stdout.on('error', () => process.exit(0));

main(process.argv.slice(2), {
	out: line => process.stdout.write(`${line}\n`),
	err: line => process.stderr.write(`${line}\n`),
	now: () => Math.floor(Date.now() / 1000),
}).then(status => {
	process.exitCode = status;
});
