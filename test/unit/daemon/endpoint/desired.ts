// SPDX-License-Identifier: MIT
import test from 'ava';
import {desiredPeersOf, type Criteria} from '../../../../userland/daemon/endpoint/desired.ts';
import type {Announcement} from '../../../../userland/xenstore/announcement.ts';
import {bridgeMac, macOf} from '../_domains.ts';

const eth0 = {ifindex: 2, name: 'eth0', mac: macOf(1)};

function criteria(change: Partial<Criteria> = {}): Criteria {
	return {
		domid: 1,
		devices: [eth0],
		vifs: new Set<string>(),
		takesMtu: true,
		takesSelectors: true,
		decide: () => ({action: 'allow', rule: undefined}),
		isHeld: () => false,
		isAsked: () => false,
		isWaiting: () => false,
		isUnusable: () => false,
		orderFor: (_, {most}) => most,
		mismatch: () => undefined,
		...change,
	};
}

const links = [{vif: '0', localMac: macOf(1), remoteMac: macOf(2)}];
const words = {
	...{epoch: 7, name: 'b', links, digest: 'ab', queues: 1},
	...{ringPages: undefined, ringPagesMin: undefined},
};
const announced = new Map([[2, words]]);

test('an announced link is bound to the device with its address', t => {
	const [b] = desiredPeersOf(announced, criteria());
	t.deepEqual(b?.config.links, [{ifindex: 2, localMac: macOf(1), remoteMac: macOf(2)}]);
	t.is(b?.refusal, undefined);
	t.true(b?.listen);
	t.false(desiredPeersOf(announced, criteria({domid: 3}))[0]?.listen);
});

test('the MTU of a link is passed on to a module that takes one', t => {
	const told = new Map([[2, {...words, links: links.map(link => ({...link, mtu: 1500}))}]]);
	t.is(desiredPeersOf(told, criteria())[0]?.config.links[0]?.mtu, 1500);
	t.is(desiredPeersOf(told, criteria({takesMtu: false}))[0]?.config.links[0]?.mtu, undefined);
});

test('devices stacked on a vif share its address; the vif was there first', t => {
	const vlan = {...eth0, ifindex: 5, name: 'eth0.7'};
	const [b] = desiredPeersOf(announced, criteria({devices: [vlan, eth0]}));
	t.is(b?.config.links[0]?.ifindex, 2);
});

test('ports of a bond share an address; the announced vif is meant', t => {
	const bond = {...eth0, ifindex: 1, name: 'bond0'};
	const other = {...eth0, ifindex: 2, name: 'eth1', vif: '1'};
	const own = {...eth0, ifindex: 3, vif: '0'};
	for (const devices of [
		[bond, other, own],
		[own, other, bond],
	]) {
		t.is(desiredPeersOf(announced, criteria({devices}))[0]?.config.links[0]?.ifindex, 3);
	}
	// The announced one is elsewhere: another vif is not it.
	t.like(desiredPeersOf(announced, criteria({devices: [other]}))[0]?.refusal, {code: 'device'});
});

test('in dom0 many devices have the address, the name tells', t => {
	const devices = [
		{ifindex: 4, name: 'vif2.0', mac: bridgeMac},
		{ifindex: 9, name: 'xenbr0', mac: bridgeMac},
	];
	const told = [{vif: 'xenbr0', localMac: bridgeMac, remoteMac: macOf(2)}];
	const [b] = desiredPeersOf(
		new Map([[2, {...words, links: told}]]),
		criteria({domid: 0, devices}),
	);
	t.is(b?.config.links[0]?.ifindex, 9);
});

test('a vif whose device is in another network namespace is not taken for one that is not there', t => {
	const refusalWith = (vifs: readonly string[], devices: Criteria['devices'] = []) =>
		desiredPeersOf(announced, criteria({devices, vifs: new Set(vifs)}))[0]?.refusal;
	t.deepEqual(refusalWith(['0', '1']), {
		...{code: 'device', detail: 'netns'},
		reason: `vif 0 (${macOf(1)}) is in another network namespace than coloop0`,
	});
	t.is(refusalWith(['1'])?.detail, undefined, 'another vif');
	t.is(refusalWith(['0'], [eth0]), undefined, 'here');
});

test('a peer that cannot be desired says why', t => {
	t.like(desiredPeersOf(announced, criteria({devices: []}))[0]?.refusal, {code: 'device'});
	t.like(desiredPeersOf(announced, criteria({isHeld: name => name === 'b'}))[0]?.refusal, {
		code: 'held',
	});
	const source = {file: '30-site.yaml', line: 4, column: 3};
	const rule = {
		action: 'deny' as const,
		ringPages: undefined,
		ringPagesMin: undefined,
		queues: undefined,
		busyPollUs: undefined,
		source,
		peer: '*',
	};
	const denied = desiredPeersOf(announced, criteria({decide: () => ({action: 'deny', rule})}));
	t.deepEqual(denied[0]?.refusal, {code: 'policy', reason: 'denied by 30-site.yaml:4:3'});
});

type Options = 'ringPages' | 'ringPagesMin' | 'queues' | 'busyPollUs' | 'fragPages';

function accepting(given: Partial<Record<Options, number>>): Criteria {
	const source = {file: '30-site.yaml', line: 4, column: 3};
	const {ringPages, ringPagesMin, queues, busyPollUs, fragPages} = given;
	const options = {ringPages, ringPagesMin, queues, busyPollUs, fragPages};
	const rule = {action: 'allow' as const, ...options, source, peer: '*'};

	return criteria({decide: () => ({action: 'allow', rule})});
}

test('ring pages become an order', t => {
	t.is(desiredPeersOf(announced, accepting({ringPages: 512}))[0]?.order, 9);

	// dom0's hold where we have none of our own.
	const told = new Map([[2, {...words, ringPages: 64}]]);
	t.is(desiredPeersOf(told, criteria())[0]?.order, 6);
	t.is(desiredPeersOf(told, accepting({ringPages: 512}))[0]?.order, 9);
	t.is(desiredPeersOf(announced, criteria())[0]?.order, 8);
});

test('how small rings may be is told, too, and never more than how large', t => {
	const range = (told: Partial<Announcement>, criteria: Criteria) =>
		desiredPeersOf(new Map([[2, {...words, ...told}]]), criteria)[0]?.range;
	t.deepEqual(range({}, criteria()), {least: 5, most: 8});
	t.deepEqual(range({ringPagesMin: 128}, criteria()), {least: 7, most: 8});
	t.deepEqual(range({ringPagesMin: 128}, accepting({ringPagesMin: 64})), {least: 6, most: 8});
	t.deepEqual(range({ringPagesMin: 128}, accepting({ringPages: 64})), {least: 6, most: 6});
	t.deepEqual(range({ringPages: 64}, accepting({ringPagesMin: 256})), {least: 6, most: 6});
	t.deepEqual(range({ringPages: 512, ringPagesMin: 256, queues: 4}, criteria()), {
		least: 6,
		most: 7,
	});

	const small = criteria({orderFor: (domid, {least}) => (domid === 2 ? least : -1)});
	t.is(desiredPeersOf(announced, small)[0]?.order, 5);
});

test('queues share the pages, as many as both sides would have', t => {
	const four = new Map([[2, {...words, queues: 4}]]);
	t.like(desiredPeersOf(four, criteria())[0], {queues: 4, order: 6});
	t.like(desiredPeersOf(four, accepting({queues: 2}))[0], {queues: 2, order: 7});
	t.like(desiredPeersOf(announced, accepting({queues: 8}))[0], {queues: 1, order: 8});
	t.like(desiredPeersOf(new Map([[2, {...words, queues: 3}]]), criteria())[0], {
		queues: 3,
		order: 6,
	});
	// No ring is too small for a packet.
	t.like(desiredPeersOf(four, accepting({ringPages: 64}))[0], {queues: 4, order: 5});
});

test('how long we may wait is for our own policy to say, and not at all where it is silent', t => {
	t.is(desiredPeersOf(announced, criteria())[0]?.config.busyPollUs, 0);
	t.is(desiredPeersOf(announced, accepting({}))[0]?.config.busyPollUs, 0);
	t.is(desiredPeersOf(announced, accepting({busyPollUs: 50}))[0]?.config.busyPollUs, 50);
});

test('how much is granted is for our own policy to say, and nothing where it is silent', t => {
	t.is(desiredPeersOf(announced, criteria())[0]?.config.fragPages, 0);
	t.is(desiredPeersOf(announced, accepting({}))[0]?.config.fragPages, 0);
	t.is(desiredPeersOf(announced, accepting({fragPages: 4096}))[0]?.config.fragPages, 4096);
});

test('announcements that do not parse, or name ourselves, are no peers', t => {
	t.deepEqual(desiredPeersOf(new Map([[2, undefined]]), criteria()), []);
	t.deepEqual(desiredPeersOf(announced, criteria({domid: 2})), []);
});

const emoji = `${'x'.repeat(61)}😀`;

function called(...names: string[]) {
	return new Map(names.map((name, index) => [index + 2, {...words, name}]));
}

test('a name is cut to what the kernel takes, which gives back what it was given', t => {
	const names = ['ä'.repeat(60), emoji, '数'.repeat(80), '👨‍👩‍👧'.repeat(9), 'x'.repeat(64)];
	const desiredPeers = desiredPeersOf(called(...names), criteria());
	t.deepEqual(
		desiredPeers.map(({config}) => config.name),
		[
			`${'ä'.repeat(30)}…`,
			`${'x'.repeat(61)}…`,
			`${'数'.repeat(20)}…`,
			`${'👨‍👩‍👧'.repeat(3)}…`,
			'x'.repeat(64),
		],
	);
	for (const {config, name} of desiredPeers) {
		/* NLA_NUL_STRING: bytes, up to 64. */
		const kept = Buffer.from(config.name).subarray(0, 64).toString('utf8');
		t.is(kept, config.name, 'else the plan would set the name at every look');
		t.true(names.includes(name));
	}
});

test('peers whose names begin alike are told apart', t => {
	const [one, other] = ['x'.repeat(70), `${'x'.repeat(69)}y`] as const;
	const [first, second] = desiredPeersOf(
		called(one, other),
		criteria({isHeld: name => name === one, isAsked: name => name === other}),
	);
	t.like(first, {name: one, refusal: {code: 'held'}, isAsked: false});
	t.like(second, {name: other, refusal: undefined, isAsked: true});
});
