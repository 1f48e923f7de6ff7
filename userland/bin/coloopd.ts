#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import {keepHeapSmall} from '../daemon/heap.ts';
import {main} from '../daemon/main.ts';

keepHeapSmall();

// What ps, pgrep and pkill know us by; else all of Node's programs are called node.
process.title = 'coloopd';

// A full disk, or a reader that is gone, costs lines of the log and nothing else.
process.stderr.on('error', () => {});

main(process.argv.slice(2)).then(status => {
	process.exitCode = status;
});
