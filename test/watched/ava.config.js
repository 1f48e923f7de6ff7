// SPDX-License-Identifier: MIT
// npx ava --config test/watched/ava.config.js [build/ts/test/watched/prometheus.js]
// Real Prometheus and real browsers, started and ended by the tests.
export default {
	files: ['build/ts/test/watched/*.js', '!build/ts/test/watched/_*.js'],
	workerThreads: false,
	concurrency: 2,
	timeout: '120s',
};
