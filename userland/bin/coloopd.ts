#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import {main} from '../daemon/main.ts';

// What ps, pgrep and pkill know us by; else all of Node's programs are called node.
process.title = 'coloopd';

main(process.argv.slice(2)).then(status => {
	process.exitCode = status;
});
