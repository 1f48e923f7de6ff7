// SPDX-License-Identifier: MIT
import test from 'ava';
import {conversation, greeting} from '../../guard/conversation.ts';
import {channel, dom0, nowhere, pairs, type Guest} from '../../guard/places.ts';

const [a, b] = pairs.find(([, other]) => other !== dom0) ?? [dom0, dom0];
const [guest] = pairs.find(([, other]) => other === dom0) ?? [dom0];

test('two guests talk both ways, in both protocols, each frame told by its end', t => {
	const frames = conversation(a, b);
	const words = frames.map(({label}) => label).join('\n');
	const ways = new Set(frames.map(({from, to}) => `${from} ${to}`));

	t.deepEqual(ways, new Set([`${a.place} ${b.place}`, `${b.place} ${a.place}`]));
	for (const what of [
		'ip udp 5353 > 53',
		'ip6 tcp 22 syn',
		'ip esp',
		'ip6 ping',
		'ip last fragment',
	]) {
		t.true(words.includes(what), what);
	}
	t.is(new Set(frames.map(({bytes}) => bytes.subarray(-8).toString('hex'))).size, frames.length);
});

test('headers and checksums are as receivers want them', t => {
	for (const {bytes, label} of conversation(a, b)) {
		const isV4 = bytes.readUInt16BE(12) === 0x0800;
		const length = isV4 ? bytes.readUInt16BE(16) : 40 + bytes.readUInt16BE(18);
		t.is(length, bytes.length - 14, label);
		if (isV4) {
			t.is(sum(bytes.subarray(14, 14 + (bytes.readUInt8(14) & 15) * 4)), 0xffff, label);
		}
		if (/ udp | tcp /.test(label)) {
			t.is(transportSum(bytes, isV4), 0xffff, label);
		}
	}
});

test('what is for dom0 can come by the channel, and dom0 answers by its bridge', t => {
	const frames = conversation(guest, dom0, true);
	const isFrom = ({place}: Guest | typeof channel) => frames.some(({from}) => from === place);

	t.true(isFrom(channel));
	t.true(isFrom(dom0));
	t.false(isFrom(guest));
});

test('a greeting is for everybody, so that the bridge learns', t => {
	const {bytes, to} = greeting(a);

	t.is(to, nowhere);
	t.is(bytes.subarray(0, 6).toString('hex'), 'ffffffffffff');
	t.is(bytes.length, 42);
});

function sum(bytes: Buffer): number {
	let total = 0;
	for (let at = 0; at < bytes.length; at += 2) {
		total += bytes.readUInt16BE(at);
	}

	return total % 0xffff || 0xffff;
}

function transportSum(frame: Buffer, isV4: boolean): number {
	const at = isV4 ? 34 : 54;
	const addresses = isV4 ? frame.subarray(26, 34) : frame.subarray(22, 54);
	const tail = Buffer.from([0, frame.readUInt8(isV4 ? 23 : 20), 0, 0]);
	tail.writeUInt16BE(frame.length - at, 2);
	const odd = Buffer.alloc((frame.length - at) % 2);

	return sum(Buffer.concat([addresses, tail, frame.subarray(at), odd]));
}
