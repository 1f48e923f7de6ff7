// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {ColoopError} from '../../../userland/errors.ts';
import {buildRequest, parseMessages} from '../../../userland/kernel/message.ts';

const request = {
	type: 30,
	header: Uint8Array.of(5, 1, 0, 0),
	attributes: new Uint8Array(),
	table: {},
};

test('a request is one message with its length', t => {
	const [message, ...rest] = parseMessages(buildRequest(request, 7));

	t.deepEqual(rest, []);
	t.like(message, {type: 30, flags: 0x5, sequence: 7});
	t.deepEqual([...(message?.payload ?? [])], [5, 1, 0, 0]);
	t.is(parseMessages(buildRequest({...request, dump: true}, 7))[0]?.flags, 0x301);
});

test('a datagram may hold many messages', t => {
	const datagram = Buffer.concat([buildRequest(request, 1), buildRequest(request, 2)]);

	t.deepEqual(
		parseMessages(datagram).map(message => message.sequence),
		[1, 2],
	);
});

test('random bytes are messages or a PROTOCOL error', t => {
	fc.assert(
		fc.property(fc.uint8Array({maxLength: 80}), bytes => {
			try {
				parseMessages(bytes);
			} catch (error) {
				t.true(error instanceof ColoopError && error.code === 'PROTOCOL');
			}
		}),
	);
	t.pass();
});
