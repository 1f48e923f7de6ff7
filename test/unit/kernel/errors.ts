// SPDX-License-Identifier: MIT
import test from 'ava';
import {encode} from '../../../userland/kernel/codec.ts';
import {peerAttributes} from '../../../userland/kernel/constants.ts';
import {messageFlags, messageTypes} from '../../../userland/kernel/message.ts';
import {errnoOf, refusal} from '../../../userland/kernel/errors.ts';

const request = {
	type: 30,
	header: Uint8Array.of(2, 1, 0, 0),
	attributes: encode(peerAttributes, {domid: 7, channel: {order: 9}}),
	table: peerAttributes,
};
// Netlink and generic netlink header stand before the attributes.
const start = 16 + 4;

const extension = {
	sentence: {id: 1, type: 'string'},
	offset: {id: 2, type: 'u32'},
	missingType: {id: 5, type: 'u32'},
	missingNest: {id: 6, type: 'u32'},
} as const;

function acknowledgement(
	errno: number,
	values: Parameters<typeof encode<typeof extension>>[1] = {},
) {
	const payload = Buffer.alloc(4 + 16);

	payload.writeInt32LE(-errno);

	return {
		type: messageTypes.error,
		flags: messageFlags.capped | messageFlags.extended,
		sequence: 1,
		payload: Buffer.concat([payload, encode(extension, values)]),
	};
}

function message(errno: number, values?: Parameters<typeof acknowledgement>[1]) {
	return refusal(acknowledgement(errno, values), false, request)?.message;
}

test('no error is no refusal', t => {
	t.is(message(0), undefined);
});

test('the sentence is given as it is, with the attribute', t => {
	t.is(message(17, {sentence: 'peer exists'}), 'peer exists');
	t.is(message(17, {sentence: 'peer exists', offset: start}), 'peer exists (domid)');
	t.is(message(22, {sentence: 'too large', offset: start + 12}), 'too large (channel.order)');
	t.is(message(22, {offset: start}), 'the kernel refused: EINVAL (domid)');
	t.is(message(22, {sentence: 'odd', offset: 3}), 'odd');
});

test('a missing attribute is named, also inside a nest', t => {
	t.is(message(22, {missingType: 2}), 'the kernel refused: EINVAL (epoch)');
	t.is(
		message(22, {sentence: 'no grant', missingType: 6, missingNest: start + 8}),
		'no grant (channel.controlRef)',
	);
});

test('a request that is echoed in full is stepped over', t => {
	const {payload, ...rest} = acknowledgement(1, {sentence: 'not you'});
	const echo = Buffer.alloc(32);

	echo.writeUInt32LE(32);
	const full = Buffer.concat([payload.subarray(0, 4), echo, payload.subarray(20)]);
	const error = refusal({...rest, flags: messageFlags.extended, payload: full}, false, request);

	t.is(error?.message, 'not you');
	t.is(error?.hint, 'run it as root');
	t.is(errnoOf(error), 'EPERM');
});

test('a dump may end with an error', t => {
	const payload = Buffer.alloc(4);

	payload.writeInt32LE(-16);
	const error = refusal({type: messageTypes.done, flags: 0, sequence: 1, payload}, true, request);

	t.is(errnoOf(error), 'EBUSY');
});
