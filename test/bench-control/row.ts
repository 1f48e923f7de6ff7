// SPDX-License-Identifier: MIT
//
// One row, in a process of its own: node row.js NAME prints its figures.
import {keepHeapSmall} from '../../userland/daemon/heap.ts';
import {rows} from './rows.ts';

/* As the daemon itself. */
keepHeapSmall();

const figures = await rows[process.argv[2] ?? '']?.();
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(figures ? 0 : 2);
