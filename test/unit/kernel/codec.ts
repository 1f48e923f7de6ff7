// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {ColoopError} from '../../../userland/errors.ts';
import {decode, encode} from '../../../userland/kernel/codec.ts';
import {
	channelAttributes,
	linkAttributes,
	peerAttributes,
} from '../../../userland/kernel/constants.ts';

const link = {
	ifindex: 3,
	localMac: Uint8Array.from([0, 22, 62, 1, 2, 3]),
	remoteMac: Uint8Array.from([0, 22, 62, 4, 5, 6]),
};

function attribute(id: number, ...payload: number[]): Uint8Array {
	const length = 4 + payload.length;

	return Uint8Array.from([length, 0, id, 0, ...payload, ...Array(-length & 3).fill(0)]);
}

test('values come back as they went', t => {
	const values = {
		domid: 7,
		epoch: 2,
		name: 'wéb-1',
		link: [link, {ifindex: 9}],
		wanted: true as const,
	};

	t.deepEqual(decode(peerAttributes, encode(peerAttributes, values)), values);
});

test('any channel comes back as it went', t => {
	const u32 = fc.integer({min: 0, max: 0xffff_ffff});
	const u64 = fc.bigInt({min: 0n, max: 0xffff_ffff_ffff_ffffn});
	const channel = fc.record({
		state: u32,
		order: u32,
		since: u64,
		txBytes: u64,
		listen: fc.constant(true as const),
	});

	fc.assert(
		fc.property(channel, values => {
			t.deepEqual(decode(channelAttributes, encode(channelAttributes, values)), values);
		}),
	);
});

test('an attribute is its length, its number, its bytes and padding', t => {
	t.deepEqual([...encode(peerAttributes, {name: 'ab'})], [7, 0, 3, 0, 97, 98, 0, 0]);
	t.deepEqual([...encode(peerAttributes, {wanted: true})], [4, 0, 6, 0]);
	t.deepEqual(
		[...encode(peerAttributes, {channel: {order: 8}})],
		[12, 0, 5, 128, 8, 0, 4, 0, 8, 0, 0, 0],
	);
	t.is(encode(peerAttributes, {name: undefined}).length, 0);
});

test('unknown attributes and padding are skipped', t => {
	const bytes = Buffer.concat([attribute(99, 1), attribute(1, 5, 0, 0, 0)]);

	t.deepEqual(decode(peerAttributes, bytes), {domid: 5});
	t.deepEqual(decode(channelAttributes, attribute(1)), {});
});

test('the byte-order and nested bits are no part of the number', t => {
	t.deepEqual(decode(peerAttributes, Uint8Array.from([8, 0, 1, 0xc0, 5, 0, 0, 0])), {domid: 5});
});

for (const [what, bytes, message] of [
	['a short number', attribute(1, 5, 0), 'netlink attribute domid: expected 4 bytes, got 2'],
	['a cut header', [4, 0], 'netlink attribute at byte 0: expected 4 to 2 bytes, got 0'],
	[
		'a length beyond the end',
		[9, 0, 1, 0, 0, 0, 0, 0],
		'netlink attribute at byte 0: expected 4 to 8 bytes, got 9',
	],
	[
		'a length below the header',
		[3, 0, 1, 0],
		'netlink attribute at byte 0: expected 4 to 4 bytes, got 3',
	],
	[
		'a nest cut inside',
		attribute(4, 8, 0, 1, 0),
		'netlink attribute at byte 0: expected 4 to 4 bytes, got 8',
	],
] as const) {
	test(`${what} is refused`, t => {
		const error = t.throws(() => decode(peerAttributes, Uint8Array.from(bytes)), {
			instanceOf: ColoopError,
		});

		t.is(error?.code, 'PROTOCOL');
		t.is(error?.message, message);
	});
}

test('random bytes decode or are a PROTOCOL error', t => {
	fc.assert(
		fc.property(fc.uint8Array({maxLength: 64}), bytes => {
			try {
				decode(peerAttributes, bytes);
			} catch (error) {
				t.true(error instanceof ColoopError && error.code === 'PROTOCOL');
			}
		}),
		{numRuns: 2000},
	);
	t.pass();
});

test('values out of range do not reach the wire', t => {
	t.throws(() => encode(linkAttributes, {ifindex: -1}), {instanceOf: RangeError});
	t.throws(() => encode(linkAttributes, {ifindex: 2 ** 32}), {instanceOf: RangeError});
	t.throws(() => encode(linkAttributes, {ifindex: 1.5}), {instanceOf: RangeError});
});
