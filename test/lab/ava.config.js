// SPDX-License-Identifier: MIT
// npx ava --config test/lab/ava.config.js [build/ts/test/lab/tests/boot.js]
// One machine at a time: it takes what there is of the processor.
export default {
	files: ['build/ts/test/lab/tests/**/*.js', '!build/ts/test/lab/tests/**/_*.js'],
	workerThreads: false,
	concurrency: 1,
	serial: true,
	// Of all tests; each ends by itself when it asserts nothing for too long (with-lab.ts).
	timeout: '48h',
};
