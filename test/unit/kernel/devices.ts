// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseDevice, readDevices} from '../../../userland/kernel/devices.ts';
import {attribute, message, nest, u16, u32} from './_attributes.ts';

/** struct ifinfomsg. */
const header = (ifindex: number, type = 1) => Buffer.concat([u16(0, type), u32(ifindex, 0, 0)]);
const device = (...attributes: Uint8Array[]) =>
	parseDevice(message(16, header(7), attribute(3, 'vif3.0'), ...attributes));
const portOf = (...settings: Uint8Array[]) =>
	device(nest(18, attribute(4, 'bridge'), nest(5, ...settings))).port;
const bridgeOf = (...settings: Uint8Array[]) =>
	device(nest(18, attribute(1, 'bridge'), nest(2, ...settings))).bridge;

test('a device with its address, its MTU and the bridge that it belongs to', t => {
	t.deepEqual(
		device(
			attribute(1, [0xfe, 1, 2, 3, 4, 5]),
			attribute(4, u32(1400)),
			attribute(10, u32(2)),
			attribute(13, u32(64)),
		),
		{
			...{ifindex: 7, name: 'vif3.0', mac: 'fe:01:02:03:04:05', mtu: 1400, master: 2},
			...{queueLength: 64, hasXdp: false, port: undefined, bridge: undefined},
		},
	);
	t.is(parseDevice(message(16, header(1, 772), attribute(1, [0, 0, 0, 0, 0, 0]))).mac, undefined);
});

test('XDP is seen in whatever mode, and none where none is attached', t => {
	const hasXdp = (mode: number) => device(nest(43, attribute(2, [mode]))).hasXdp;

	t.deepEqual([0, 1, 2, 3, 4].map(hasXdp), [false, true, true, true, true]);
});

test('a port as the kernel sets it up', t => {
	const plain = {isolated: false, locked: false, floods: true, tunnels: false, unknown: []};

	t.deepEqual(portOf(attribute(1, [3]), attribute(9, [1]), attribute(8, [1])), {
		state: 'forwarding',
		...plain,
	});
	// What Linux 4 does not tell.
	t.deepEqual(portOf(attribute(1, [4])), {state: 'blocking', ...plain});
	t.deepEqual(portOf(attribute(1, [9])), {state: 'in state 9', ...plain});
	t.is(device(nest(18, attribute(4, 'bond'), nest(5, attribute(1, [3])))).port, undefined);
});

test('what keeps frames from a port', t => {
	t.true(portOf(attribute(33, [1]))?.isolated);
	t.true(portOf(attribute(39, [1]))?.locked);
	t.true(portOf(attribute(29, [1]))?.tunnels);
	t.false(portOf(attribute(9, [0]))?.floods);
	t.false(portOf(attribute(9, [1]), attribute(10, [1]))?.floods);
});

test('a switch that is on and newer than we is not passed over', t => {
	const newer = [attribute(45, [1]), attribute(46, [0]), attribute(47, u32(9))];

	t.deepEqual(portOf(attribute(32, [1]), ...newer)?.unknown, [45]);
});

test('a bridge with its filters', t => {
	const plain = {callsIptables: false, callsIp6tables: false, localInVlan0: false};

	t.deepEqual(bridgeOf(attribute(7, [1])), {filtersVlans: true, ...plain});
	t.deepEqual(bridgeOf(attribute(7, [0]), attribute(36, [1]), attribute(37, [1])), {
		...{filtersVlans: false, callsIptables: true, callsIp6tables: true, localInVlan0: false},
	});
	t.true(bridgeOf(attribute(46, u32(1 << 4, 31)))?.localInVlan0);
	t.false(bridgeOf(attribute(46, u32(1 << 2, 31)))?.localInVlan0);
});

test('this machine has a loopback device', async t => {
	const loopback = (await readDevices()).find(({name}) => name === 'lo');

	t.is(loopback?.ifindex, 1);
	t.is(loopback?.mac, undefined);
});
