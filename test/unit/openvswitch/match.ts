// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	compileMatch,
	readyFrames,
	type Certainty,
	type Frames,
} from '../../../userland/openvswitch/match.ts';

const frames: Frames = {
	inPort: 1,
	source: '00:16:3e:00:00:01',
	destination: '00:16:3e:00:00:02',
	protocol: 'ip',
};

function matchFrames(fields: readonly string[], of: Frames): Certainty {
	return compileMatch(fields)(readyFrames(of));
}

const always = [
	'in_port=1',
	'dl_src=00:16:3e:00:00:01',
	'dl_dst=00:16:3E:00:00:02',
	'dl_dst=00:16:3e:00:00:00/ff:ff:ff:00:00:00',
	'dl_dst=00:00:00:00:00:00/01:00:00:00:00:00',
	'ip',
	'dl_type=0x0800',
	'dl_type=0x800',
	'vlan_tci=0x0000/0x1fff',
	'vlan_tci=0x0000',
	'dl_vlan=0xffff',
	'dl_vlan=65535',
	'vlan_tci=0x0000/0x1000',
];
const never = [
	'in_port=2',
	'in_port=LOCAL',
	'in_port=65534',
	'dl_src=00:16:3e:00:00:02',
	'dl_dst=01:00:00:00:00:00/01:00:00:00:00:00',
	'dl_dst=ff:ff:ff:ff:ff:ff',
	'dl_dst=00:16:3e:00:00:03/ff:ff:ff:ff:ff:ff',
	'dl_dst=80:16:3e:00:00:02/ff:00:00:00:00:00',
	'ipv6',
	'tcp6',
	'udp6',
	'icmp6',
	'sctp6',
	'arp',
	'rarp',
	'mpls',
	'dl_type=0x86dd',
	'dl_type=0x88cc',
	'dl_vlan=0',
	'dl_vlan=100',
	'vlan_tci=0x1000/0x1000',
	'vlan_tci=0x1064',
];
const maybe = [
	'tcp',
	'udp',
	'icmp',
	'sctp',
	'igmp',
	'nw_src=10.0.0.0/8',
	'nw_proto=6',
	'nw_tos=0',
	'tp_dst=25',
	'ip_frag=later',
	'ct_state=+trk+est',
	'conj_id=1',
	'reg0=0x1/0xf',
	'metadata=0x5',
	'pkt_mark=0x1',
	'dl_vlan_pcp=3',
	'tun_id=0',
	'in_port=ANY',
	'in_port="vif1.0"',
	'dl_src=nonsense',
	'dl_dst=00:16:3e:00:00:02/nonsense',
	'dl_dst=00:16:3e:00:00:02/ff:ff:ff:ff:ff:ff/ff:ff:ff:ff:ff:ff',
	'vlan_tci=nonsense',
	'dl_type=nonsense',
	'packet_type=(1,0x800)',
	'skb_priority=0',
	'some_field_of_the_future',
];

for (const [certainty, fields] of Object.entries({always, never, maybe})) {
	for (const field of fields) {
		test(`${certainty}: ${field}`, t => {
			t.is(matchFrames([field], frames), certainty as Certainty);
		});
	}
}

test('IPv6 frames', t => {
	const six: Frames = {...frames, protocol: 'ip6'};
	const of = (field: string) => matchFrames([field], six);

	t.deepEqual(['ipv6', 'dl_type=0x86dd'].map(of), ['always', 'always']);
	t.deepEqual(['ip', 'tcp', 'icmp', 'arp'].map(of), ['never', 'never', 'never', 'never']);
	t.deepEqual(['tcp6', 'icmp6', 'ipv6_src=fd00::1'].map(of), ['maybe', 'maybe', 'maybe']);
});

test('several fields: one that never matches is enough, one that may is too', t => {
	t.is(matchFrames(['tcp', 'in_port=2'], frames), 'never');
	t.is(matchFrames(['ip', 'in_port=1', 'nw_src=10.0.0.1'], frames), 'maybe');
	t.is(matchFrames(['ip', 'in_port=1'], frames), 'always');
	t.is(matchFrames([], frames), 'always');
});

test("dom0's own frames enter by the local port", t => {
	t.is(matchFrames(['in_port=LOCAL'], {...frames, inPort: 0xfffe}), 'always');
	t.is(matchFrames(['in_port=1'], {...frames, inPort: 0xfffe}), 'never');
});

test('of an address that is none, nothing is known', t => {
	const strange: Frames = {...frames, source: 'a:b', destination: ''};

	t.is(matchFrames(['dl_src=00:16:3e:00:00:01'], strange), 'maybe');
	t.is(matchFrames(['dl_dst=00:16:3e:00:00:02/ff:ff:ff:00:00:00'], strange), 'maybe');
});
