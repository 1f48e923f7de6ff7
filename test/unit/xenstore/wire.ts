// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {ColoopError} from '../../../userland/errors.ts';
import {
	bodyMax,
	checkPath,
	checkValue,
	encodeRequest,
	messageReader,
	requestMax,
	splitTexts,
	terminated,
	types,
} from '../../../userland/xenstore/wire.ts';

function message(type: number, request: number, body: string, length = body.length): Uint8Array {
	const bytes = Buffer.alloc(16 + body.length);

	bytes.writeUInt32LE(type, 0);
	bytes.writeUInt32LE(request, 4);
	bytes.writeUInt32LE(length, 12);
	bytes.write(body, 16);

	return bytes;
}

test('a request is type, number, transaction 0, length, body', t => {
	t.deepEqual(
		[...encodeRequest(types.read, 258, terminated('/a'))],
		[2, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 47, 97, 0],
	);
});

test('a request that the kernel would not take is not made', t => {
	t.is(encodeRequest(types.write, 1, new Uint8Array(requestMax)).length, bodyMax);
	t.throws(() => encodeRequest(types.write, 1, new Uint8Array(requestMax + 1)), {
		instanceOf: ColoopError,
		message: 'XenStore request: expected at most 4080 bytes, got 4081',
	});
});

test('messages are found however the stream is cut', t => {
	const stream = Buffer.concat([
		message(2, 1, 'one'),
		message(15, 0, '/a\0t\0'),
		message(16, 2, ''),
	]);

	fc.assert(
		fc.property(fc.array(fc.integer({min: 0, max: stream.length}), {maxLength: 6}), cuts => {
			const read = messageReader();
			const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
			const messages = edges
				.slice(1)
				.flatMap((edge, at) => read(stream.subarray(edges[at], edge)));

			t.deepEqual(
				messages.map(({type, request, body}) => [
					type,
					request,
					Buffer.from(body).toString(),
				]),
				[
					[2, 1, 'one'],
					[15, 0, '/a\0t\0'],
					[16, 2, ''],
				],
			);
		}),
	);
});

test('a message beyond the limits ends the stream', t => {
	for (const bytes of [message(2, 1, '', bodyMax + 1), message(23, 1, '')]) {
		t.throws(() => messageReader()(bytes), {instanceOf: ColoopError});
	}
	t.deepEqual(messageReader()(message(2, 1, '', bodyMax)), []);
	t.deepEqual(messageReader(bodyMax + 1)(message(2, 1, '', bodyMax + 1)), []);
	t.throws(() => messageReader(bodyMax + 1)(message(2, 1, '', bodyMax + 2)));
});

test('random bytes are messages or a PROTOCOL error', t => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({maxLength: 64}), {maxLength: 5}), parts => {
			const read = messageReader();

			try {
				parts.forEach(part => read(part).forEach(({body}) => splitTexts(body)));
			} catch (error) {
				t.true(error instanceof ColoopError && error.code === 'PROTOCOL');
			}
		}),
		{numRuns: 2000},
	);
	t.pass();
});

test('texts end each with a NUL', t => {
	t.deepEqual(splitTexts(terminated('a', '', 'b')), ['a', '', 'b']);
	t.deepEqual(splitTexts(new Uint8Array()), []);
	t.throws(() => splitTexts(Buffer.from('open')), {instanceOf: ColoopError});
});

test('paths are what xenstored takes', t => {
	for (const path of ['/', '/local/domain/7', 'data/coloop', '@releaseDomain', 'a_b-c@d', '/-']) {
		t.notThrows(() => checkPath(path), path);
	}
	for (const path of [
		'',
		'//',
		'/a/',
		'/a//b',
		'a b',
		'a\0b',
		'/é',
		'@other',
		`/${'x'.repeat(3072)}`,
		'x'.repeat(2049),
	]) {
		t.throws(() => checkPath(path), {instanceOf: ColoopError}, path);
	}
});

test('a value may not end early', t => {
	t.notThrows(() => checkValue('/a', 'b c'));
	t.throws(() => checkValue('/a', 'b\0c'), {message: '/a: expected a value without NUL'});
});
