// SPDX-License-Identifier: MIT
import test from 'ava';
import {attributeAt} from '../../../userland/kernel/attributes.ts';
import {encode} from '../../../userland/kernel/codec.ts';
import {peerAttributes} from '../../../userland/kernel/constants.ts';

test('a byte offset is turned into the name of the attribute', t => {
	// domid at 0, epoch at 8, link at 16 with its ifindex at 20, link at 28, channel at 40.
	const bytes = encode(peerAttributes, {
		domid: 1,
		epoch: 1,
		link: [{ifindex: 1}, {ifindex: 2}],
		channel: {order: 9, eventPort: 3},
	});

	t.is(attributeAt(peerAttributes, bytes, 0), 'domid');
	t.is(attributeAt(peerAttributes, bytes, 8), 'epoch');
	t.is(attributeAt(peerAttributes, bytes, 16), 'link');
	t.is(attributeAt(peerAttributes, bytes, 20), 'link.ifindex');
	t.is(attributeAt(peerAttributes, bytes, 32), 'link.ifindex');
	t.is(attributeAt(peerAttributes, bytes, 52), 'channel.eventPort');
	t.is(attributeAt(peerAttributes, bytes, 500), undefined);
	t.is(attributeAt(peerAttributes, bytes, -5), undefined);
});
