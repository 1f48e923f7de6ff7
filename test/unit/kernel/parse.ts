// SPDX-License-Identifier: MIT
import test from 'ava';
import {decode, encode} from '../../../userland/kernel/codec.ts';
import {channelStates, peerAttributes} from '../../../userland/kernel/constants.ts';
import {parsePeer, peerValues} from '../../../userland/kernel/parse.ts';

const links = [{ifindex: 2, localMac: '00:16:3e:00:00:01', remoteMac: '00:16:3e:00:00:02'}];
const config = {domid: 2, epoch: 5, name: 'b', links};

/** As the module would say it back. */
function across(given: Parameters<typeof peerValues>[0]) {
	return parsePeer(decode(peerAttributes, encode(peerAttributes, peerValues(given))));
}

test('a peer comes back as it was made', t => {
	const peer = {...config, busyPollUs: 50};
	t.deepEqual(across(peer), {...peer, wanted: false, channel: undefined});
});

test('how long to wait is told where it is given, and 0 is given', t => {
	t.false('busyPoll' in decode(peerAttributes, encode(peerAttributes, peerValues(config))));
	t.is(peerValues({...config, busyPollUs: 0}).busyPoll, 0);
	t.is(across(config).busyPollUs, 0);
});

test('what a module of another age counts or leaves out is no error', t => {
	const state = channelStates.indexOf('live');
	const channel = (more: object) =>
		parsePeer({domid: 2, epoch: 5, channel: {state, ...more}}).channel;
	t.deepEqual(channel({spins: 40n, spinsPaid: 12n}), channel({}));
	t.like(channel({}), {droppedMemory: 0n});
});
