// SPDX-License-Identifier: MIT
//
// One row, in a process of its own: node row.js NAME prints its figures.
import {rows} from './rows.ts';

const figures = await rows[process.argv[2] ?? '']?.();
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(figures ? 0 : 2);
