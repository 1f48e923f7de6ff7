// SPDX-License-Identifier: MIT
// npx ava --config test/dom0/ava.config.js [build/ts/test/dom0/bridge.js]
// Each file has namespaces of its own; they mostly wait, so that there may be more files than processors.
export default {
	files: ['build/ts/test/dom0/*.js'],
	workerThreads: false,
	concurrency: 4,
	timeout: '120s',
};
