// SPDX-License-Identifier: MIT
import type {Guest} from '../guest.ts';
import {addressesOf} from './_pings.ts';

export const slow = {timeout: 600_000};

/** What is set up in the guests, what then can be seen of it, and whether the channel carries any of it. */
export type Case = {
	readonly onA?: string;
	readonly onB?: string;
	readonly sees: (a: Guest, b: Guest) => Promise<string>;
	readonly undo: string;
	readonly expected: string;
	readonly diverts: boolean;
};

const pings =
	(to: string, options = '', inside = '') =>
	async (a: Guest) => {
		const {stdout} = await a.run(`${inside} ping -q -c 5 -i 0.2 -W 2 ${options} ${to}`, {
			...slow,
			fails: 'maybe',
		});

		return `${/(\d+) received/.exec(stdout)?.[1]} of 5`;
	};

/** In steps of 10 Mbit/s: netfront has more than 40, and the channel more. */
const rate = (options: string) => async (a: Guest, b: Guest) => {
	await b.run('iperf3 --server --daemon');
	const {stdout} = await a.run(`iperf3 -c b -t 8 -O 2 -f m ${options}`, slow);
	await b.run('pkill -x iperf3');
	const megabits = Number(/([\d.]+) Mbits\/sec.*receiver/.exec(stdout)?.[1]);

	return megabits > 40 ? 'fast' : `about ${10 * Math.round(megabits / 10)} Mbit/s`;
};

const l2tp = (own: number, other: number) =>
	`modprobe l2tp_eth
	ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap udp local 10.0.0.${own} \\
		remote 10.0.0.${other} udp_sport 5000 udp_dport 5000
	ip l2tp add session name l2 tunnel_id 1 session_id 1 peer_session_id 1
	ip link set l2 mtu 1500 up; ip addr add 10.7.0.${own}/24 dev l2`;

/** Keys that nobody but this test has. */
const keys = ['1'.repeat(43), '2'.repeat(43)].map(each => `${each.slice(0, 42)}E=`);

const wireGuard = (own: number, other: number) =>
	`ip link add wg0 mtu 1500 type wireguard; echo ${keys[own - 1]} >/tmp/key
	wg set wg0 private-key /tmp/key listen-port 51820 peer $(echo ${keys[other - 1]} | wg pubkey) \\
		endpoint 10.0.0.${other}:51820 allowed-ips 10.8.0.0/24
	ip link set wg0 up; ip addr add 10.8.0.${own}/24 dev wg0`;

const program = (passes: 0 | 1) =>
	`mkdir -p /tmp/cgroup; mount -t cgroup2 none /tmp/cgroup; mkdir /tmp/cgroup/x
	/opt/coloop/senders cgroup /tmp/cgroup/x $(cat /sys/class/net/eth0/ifindex) ${passes}`;

const confined = (command: string) =>
	`bash -c 'echo $$ >/tmp/cgroup/x/cgroup.procs; exec "$@"' sh ${command}`;

const undoProgram = 'rmdir /tmp/cgroup/x; umount /tmp/cgroup';
const undoDiscipline = 'tc qdisc del dev eth0 root; nft flush ruleset';

export const cases: Readonly<Record<string, Case>> = {
	'L2TP over UDP with an MTU of 1500': {
		onA: l2tp(1, 2),
		onB: l2tp(2, 1),
		sees: pings('10.7.0.2', '-s 1472'),
		undo: 'ip l2tp del tunnel tunnel_id 1',
		expected: '5 of 5',
		diverts: true,
	},
	'WireGuard with an MTU of 1500': {
		onA: wireGuard(1, 2),
		onB: wireGuard(2, 1),
		sees: async a => {
			await a.run('ping -q -c 1 -W 20 10.8.0.2', slow);

			return pings('10.8.0.2', '-s 1472')(a);
		},
		undo: 'ip link del wg0; rm /tmp/key; rmmod wireguard',
		expected: '5 of 5',
		diverts: true,
	},
	'a program of a cgroup that wants eth0': {
		onA: program(1),
		sees: pings('b', '', confined('')),
		undo: undoProgram,
		expected: '5 of 5',
		diverts: true,
	},
	'a program of a cgroup that denies eth0': {
		onA: program(0),
		sees: pings('b', '', confined('')),
		undo: undoProgram,
		expected: '0 of 5',
		diverts: false,
	},
	'a filter in fq_codel': {
		onA: `tc qdisc replace dev eth0 root handle 1: fq_codel
			tc filter add dev eth0 parent 1: protocol ip u32 match ip protocol 1 0xff action drop`,
		sees: pings('b'),
		undo: undoDiscipline,
		expected: '0 of 5',
		diverts: false,
	},
	'an egress chain of nft': {
		onA: `nft 'table netdev site { chain out { type filter hook egress device eth0 priority 0;
			icmp type echo-request drop; }; }'`,
		sees: pings('b'),
		undo: undoDiscipline,
		expected: '0 of 5',
		diverts: false,
	},
	'fq with a rate': {
		onA: 'tc qdisc replace dev eth0 root fq maxrate 10mbit',
		sees: rate(''),
		undo: undoDiscipline,
		expected: 'about 10 Mbit/s',
		diverts: false,
	},
	'a stream that fq paces': {
		onA: 'tc qdisc replace dev eth0 root fq',
		sees: rate('--fq-rate 10M'),
		undo: undoDiscipline,
		expected: 'about 10 Mbit/s',
		diverts: true,
	},
	'tcpdump on eth0': {
		onA: `rm -f /tmp/seen; tcpdump -n -l -i eth0 icmp >/tmp/seen 2>/tmp/says & echo $! >/tmp/pid
			until grep -q listening /tmp/says; do busybox usleep 100000; done`,
		sees: async a => {
			await a.run('ping -q -c 5 -i 0.2 -W 2 b', slow);
			const {stdout} = await a.run(
				`until [ $(grep -c 'echo reply' /tmp/seen) -ge 5 ]; do busybox usleep 100000; done
				kill $(cat /tmp/pid); grep -c 'echo request' /tmp/seen`,
				slow,
			);

			return `${stdout.trim()} requests, 5 replies`;
		},
		undo: ':',
		expected: '5 requests, 5 replies',
		diverts: true,
	},
	'eth0 in a VRF': {
		onA: `ip link add vrf1 type vrf table 10; ip link set vrf1 up; ip link set eth0 master vrf1
			${addressesOf(1, 'eth0')}`,
		sees: pings('10.0.0.2', '', 'ip vrf exec vrf1'),
		undo: `! ip link del vrf1 || { ${addressesOf(1, 'eth0')}; }`,
		expected: '5 of 5',
		diverts: true,
	},
	'eth0 beneath a bridge': {
		onA: `ip link add br0 type bridge; ip link set br0 address 00:16:3e:00:00:01
			ip addr flush dev eth0; ip link set eth0 master br0; ip link set br0 up
			${addressesOf(1, 'br0')}`,
		sees: pings('b'),
		undo: `! ip link del br0 || { ${addressesOf(1, 'eth0')}; }`,
		expected: '5 of 5',
		diverts: true,
	},
};
