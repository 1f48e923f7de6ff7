// SPDX-License-Identifier: MIT
import test from 'ava';
import {isSelected, parsePacket} from '../../../userland/policy/packet.ts';
import {compileSelection, type SelectionWords} from '../../../userland/policy/selectors.ts';

const postgres = {only: [{proto: 'tcp', ports: [5432]}]};
const replies = {only: [{proto: 'tcp', from: {ports: [5432]}}]};
const notDns = {except: [{ports: [53]}]};
const site = {only: [{addresses: ['10.1.0.0/16']}], except: [{proto: 'icmp'}]};

type Words = Parameters<typeof parsePacket>[0];

const cases: ReadonlyArray<readonly [SelectionWords, Words, 'yes' | 'no' | 'some']> = [
	[postgres, {proto: 'tcp', port: '5432'}, 'yes'],
	[postgres, {proto: '6', port: '5432'}, 'yes'],
	[postgres, {proto: 'tcp', port: '80'}, 'some'],
	[postgres, {proto: 'tcp'}, 'some'],
	[postgres, {port: '5432'}, 'some'],
	[postgres, {proto: 'udp', port: '5432'}, 'no'],
	[replies, {proto: 'tcp', port: '5432'}, 'some'],
	[notDns, {proto: 'tcp', port: '53'}, 'no'],
	[notDns, {proto: 'icmp'}, 'yes'],
	[notDns, {}, 'some'],
	[site, {from: '10.1.2.3', proto: 'tcp'}, 'yes'],
	[site, {from: '10.1.2.3'}, 'some'],
	[site, {to: '10.1.2.3', proto: 'icmp'}, 'no'],
	[site, {from: '10.0.0.0/8', proto: 'tcp'}, 'some'],
	[site, {from: '10.2.0.1', to: '10.2.0.2'}, 'no'],
	[site, {from: 'fd00::1'}, 'no'],
];

for (const [words, asked, answer] of cases) {
	test(`${JSON.stringify(words)} of ${JSON.stringify(asked)}`, t => {
		const selection = compileSelection(words);
		const packet = parsePacket(asked);
		t.is(selection && typeof packet !== 'string' && isSelected(selection, packet), answer);
	});
}
