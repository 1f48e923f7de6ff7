// SPDX-License-Identifier: MIT
//
// Run in a network namespace of its own: hears of lo going up on one socket, sets it up on another.
import {openSocket} from '../../../userland/netlink-js/index.ts';
import {message, types} from './_messages.ts';

const setLink = 16;
const linkGroup = 1;

function onError(error: Error): void {
	throw error;
}

const listener = openSocket(0, {
	onData(data) {
		if (types(data).includes(setLink)) {
			console.log('link changed');
			listener.close();
			sender.close();
		}
	},
	onError,
});
listener.addMembership(linkGroup);
const sender = openSocket(0, {onData() {}, onError});

// struct ifinfomsg: index 1 (lo), flags IFF_UP, change mask IFF_UP.
const info = new Uint8Array(16);
const view = new DataView(info.buffer);
view.setUint32(4, 1, true);
view.setUint32(8, 1, true);
view.setUint32(12, 1, true);
sender.send(message(setLink, 1, info));
