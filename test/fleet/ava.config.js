// SPDX-License-Identifier: MIT
// npx ava --config test/fleet/ava.config.js [build/ts/test/fleet/members.js]
// Real etcds on loopback, started and ended by the tests.
export default {
	files: ['build/ts/test/fleet/*.js'],
	workerThreads: false,
	concurrency: 2,
	timeout: '120s',
};
