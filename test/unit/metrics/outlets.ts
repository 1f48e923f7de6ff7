// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {parseOutlet} from '../../../userland/metrics/outlets.ts';

test('an address, a socket, a file', t => {
	t.deepEqual(parseOutlet('127.0.0.1:9101'), {kind: 'loopback', host: '127.0.0.1', port: 9101});
	t.deepEqual(parseOutlet('[::1]:0'), {kind: 'loopback', host: '::1', port: 0});
	t.deepEqual(parseOutlet('localhost:80'), {kind: 'loopback', host: 'localhost', port: 80});
	t.deepEqual(parseOutlet('127.9.9.9:80'), {kind: 'loopback', host: '127.9.9.9', port: 80});
	t.deepEqual(parseOutlet('/run/x.sock'), {kind: 'socket', path: '/run/x.sock'});
	t.deepEqual(parseOutlet('/var/x.prom'), {kind: 'file', path: '/var/x.prom'});
});

for (const [text, pattern] of [
	['0.0.0.0:9101', /--metrics: 0\.0\.0\.0 is not loopback/],
	['192.0.2.1:9101', /is not loopback/],
	['[::]:9101', /is not loopback/],
	['[::ffff:127.0.0.1]:9101', /is not loopback/],
	[':9101', /every address is not loopback/],
	['*:9101', /is not loopback/],
	['127.0.0.1.example:9101', /is not loopback/],
	['host.example:9101', /is not loopback/],
	['9101', /expected 127\.0\.0\.1:PORT or \/PATH, got 9101/],
	['127.0.0.1', /expected/],
	['127.0.0.1:', /expected/],
	['127.0.0.1:65536', /expected/],
	['127.0.0.1:-1', /expected/],
	['run/x.sock', /expected/],
	['x.prom', /expected an absolute path, got x\.prom/],
	['', /expected/],
] as const) {
	test(`"${text}" is refused`, t => {
		const error = t.throws(() => parseOutlet(text), {instanceOf: ColoopError});
		t.is(error?.code, 'USAGE');
		t.regex(error?.message ?? '', pattern);
	});
}
