// SPDX-License-Identifier: MIT
import test from 'ava';
import {decode, encode} from '../../../userland/kernel/codec.ts';
import {
	channelStates,
	infoAttributes,
	ordinarys,
	peerAttributes,
} from '../../../userland/kernel/constants.ts';
import {macBytes, parseInfo, parsePeer, peerValues} from '../../../userland/kernel/parse.ts';

const links = [{ifindex: 2, localMac: '00:16:3e:00:00:01', remoteMac: '00:16:3e:00:00:02'}];
const config = {domid: 2, epoch: 5, name: 'b', links};

/** As the module would say it back. */
function across(given: Parameters<typeof peerValues>[0]) {
	return parsePeer(decode(peerAttributes, encode(peerAttributes, peerValues(given))));
}

test('a peer comes back as it was made', t => {
	const peer = {...config, busyPollUs: 50};
	const said = {links: links.map(link => ({...link, mtu: 0, blocked: undefined}))};
	const more = {ordinary: new Map(), wanted: false, channel: undefined, selectorsId: 0};
	t.deepEqual(across(peer), {...peer, ...said, ...more});
});

test('selectors are told with what they ask for, and no more', t => {
	const any = {prefix: undefined, ports: undefined};
	const list = [
		{
			list: 'and-only' as const,
			selector: {
				...{proto: 6, isEither: true, from: any},
				to: {prefix: undefined, ports: {first: 80, last: 90}},
			},
		},
		{
			list: 'except' as const,
			selector: {
				...{proto: undefined, isEither: false, to: any},
				from: {
					prefix: {version: 6 as const, address: 'fd00::', length: 64},
					ports: undefined,
				},
			},
		},
	];
	const values = peerValues({...config, selectors: {id: 7, list}});
	const said = decode(peerAttributes, encode(peerAttributes, values));
	t.deepEqual(said.selectors, {
		id: 7,
		selector: [
			{list: 1, proto: 6, either: true, to: {portMin: 80, portMax: 90}},
			{list: 2, from: {ipv6: Uint8Array.from([0xfd, ...Array(15).fill(0)]), prefix: 64}},
		],
	});
	t.deepEqual(peerValues({...config, selectors: {id: 0, list: []}}).selectors, {
		...{id: 0, selector: []},
	});
	t.is(peerValues(config).selectors, undefined, 'an old module knows none');
});

test('the MTU of a link is told where there is one', t => {
	const tell = (mtu: number) => {
		const values = peerValues({...config, links: links.map(link => ({...link, mtu}))});

		return decode(peerAttributes, encode(peerAttributes, values));
	};
	t.is(tell(1500).link?.[0]?.mtu, 1500);
	t.is(parsePeer(tell(1500)).links[0]?.mtu, 1500);
	t.false('mtu' in (tell(0).link?.[0] ?? {}), 'an old module refuses what it does not know');
});

test('what keeps packets on the ordinary path is named, and numbered where it has no name', t => {
	const link = {ifindex: 2, localMac: macBytes('00:16:3e:00:00:01')};
	const other = {...link, remoteMac: macBytes('00:16:3e:00:00:02')};
	const peer = (blocked: number | undefined) =>
		parsePeer({
			...{domid: 2, epoch: 5, link: [{...other, blocked}]},
			ordinary: [
				{reason: ordinarys.indexOf('qdisc'), packets: 7n},
				{reason: 99, packets: 1n},
			],
		});
	t.is(peer(ordinarys.indexOf('xdp')).links[0]?.blocked, 'xdp');
	t.is(peer(0).links[0]?.blocked, undefined);
	t.is(peer(undefined).links[0]?.blocked, undefined);
	t.is(peer(98).links[0]?.blocked, 'reason-98');
	t.deepEqual(
		[...peer(0).ordinary],
		[
			['qdisc', 7n],
			['reason-99', 1n],
		],
	);
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

test('the module says how many grants it may hold, an older one does not', t => {
	const across = (more: object) => {
		const values = {protocolMin: 1, protocolMax: 1, ifindex: 3, grants: 33, ...more};

		return parseInfo(decode(infoAttributes, encode(infoAttributes, values)), 2);
	};
	t.like(across({grantLimit: 16_384}), {grants: 33, grantLimit: 16_384});
	t.is(across({}).grantLimit, undefined);
});
