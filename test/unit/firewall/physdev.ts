// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	compilePhysdev,
	parsePhysdev,
	type PhysdevOptions,
} from '../../../userland/firewall/physdev.ts';
import {visits, type PhysicalPorts} from '../../../userland/firewall/traffic.ts';
import {vifA, vifB} from './_fixtures.ts';

const [visit] = visits(vifA, vifB, {ip: false, ip6: false});
const at = (ports: PhysicalPorts | undefined) => {
	if (!visit) {
		throw new Error('no visits');
	}

	return {...visit.traffic, ports};
};
const bridged = at({input: 'vif3.0', output: 'vif4.0'});
const received = at({input: 'vif3.0', output: undefined});
const none = at(undefined);

/** struct xt_physdev_info, from names as iptables takes them. */
function info({
	input = '',
	output = '',
	inverted = 0,
	asked = 0,
}: {
	input?: string;
	output?: string;
	inverted?: number;
	asked?: number;
}): Uint8Array {
	const bytes = Buffer.alloc(72);

	for (const [name, start] of [
		[input, 0],
		[output, 32],
	] as const) {
		const length = name.endsWith('+') ? name.length - 1 : name === '' ? 0 : name.length + 1;
		bytes.write(name, start);
		bytes.fill(0xff, start + 16, start + 16 + length);
	}
	bytes[64] = inverted;
	bytes[65] = asked;

	return bytes;
}

test('options are read as iptables wrote them', t => {
	t.deepEqual(parsePhysdev(info({input: 'vif3.0', asked: 0x05})), {
		input: {name: 'vif3.0', isInverted: false},
		isBridged: {isInverted: false},
	});
	t.deepEqual(parsePhysdev(info({output: 'vif+', asked: 0x02, inverted: 0x02})), {
		output: {name: 'vif*', isInverted: true},
	});
	t.deepEqual(parsePhysdev(info({asked: 0x1c, inverted: 0x14})), {
		isBridged: {isInverted: true},
		isIn: {isInverted: false},
		isOut: {isInverted: true},
	});
});

test('what is not understood has no options', t => {
	t.is(parsePhysdev(new Uint8Array(8)), undefined);
	t.is(parsePhysdev(info({asked: 0x24})), undefined);
	t.is(parsePhysdev(info({asked: 0x01})), undefined);
	const holed = info({input: 'vif3.0', asked: 0x01});
	holed[18] = 0;
	t.is(parsePhysdev(holed), undefined);
});

const options: readonly (readonly [
	PhysdevOptions,
	whenBridged: boolean,
	whenReceived: boolean,
	onChannel: boolean,
])[] = [
	[{isBridged: {isInverted: false}}, true, false, false],
	[{isBridged: {isInverted: true}}, false, true, true],
	[{isIn: {isInverted: false}}, true, true, false],
	[{isIn: {isInverted: true}}, false, false, true],
	[{isOut: {isInverted: false}}, true, false, false],
	[{isOut: {isInverted: true}}, false, true, true],
	[{input: {name: 'vif3.0', isInverted: false}}, true, true, false],
	[{input: {name: 'vif*', isInverted: false}}, true, true, false],
	[{input: {name: 'vif9.0', isInverted: false}}, false, false, false],
	[{input: {name: 'vif9.0', isInverted: true}}, true, true, true],
	[{input: {name: 'vif3.0', isInverted: true}}, false, false, true],
	[{output: {name: 'vif4.0', isInverted: false}}, true, false, false],
	[{output: {name: 'vif4.0', isInverted: true}}, false, false, true],
	[{output: {name: 'eth0', isInverted: true}}, true, false, true],
	[
		{isBridged: {isInverted: false}, input: {name: 'vif3.0', isInverted: false}},
		true,
		false,
		false,
	],
];

for (const [physdev, whenBridged, whenReceived, onChannel] of options) {
	test(`${JSON.stringify(physdev)} as net/netfilter/xt_physdev.c has it`, t => {
		const {test: ask, differsOnChannel} = compilePhysdev({
			type: 'match',
			name: 'physdev',
			physdev,
		});
		const certainty = (isMatch: boolean) => (isMatch ? 'always' : 'never');

		t.is(ask(bridged), certainty(whenBridged));
		t.is(ask(received), certainty(whenReceived));
		t.is(ask(none), certainty(onChannel));
		t.is(differsOnChannel(received), whenReceived !== onChannel);
	});
}

test('without its options a match may be any', t => {
	const {test: ask, differsOnChannel} = compilePhysdev({type: 'match', name: 'physdev'});

	t.is(ask(bridged), 'maybe');
	t.true(differsOnChannel(received));
});
