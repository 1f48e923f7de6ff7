// SPDX-License-Identifier: MIT
import process from 'node:process';

// npx ava --config test/lab/ava.config.js [build/ts/test/lab/tests/boot.js]
// One machine at a time: it takes what there is of the processor.
export default {
	files: ['build/ts/test/lab/tests/**/*.js', '!build/ts/test/lab/tests/**/_*.js'],
	workerThreads: false,
	concurrency: 1,
	serial: true,
	timeout: process.env.STACK?.startsWith('debug') ? '150m' : '30m',
};
