// SPDX-License-Identifier: MIT
import test from 'ava';
import {diverted, inTurn, patient, withChannel, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';

const slow = {timeout: 240_000};

/** Both guests have one end of a tunnel whose packets, with its headers, are above the MTU. */
const tunnel: Body = async (t, {a, b}) => {
	for (const [machine, own, other] of [
		[a, 1, 2],
		[b, 2, 1],
	] as const) {
		await machine.run(`modprobe l2tp_eth
			ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap udp local 10.0.0.${own} \\
				remote 10.0.0.${other} udp_sport 5000 udp_dport 5000
			ip l2tp add session name l2 tunnel_id 1 session_id 1 peer_session_id 1
			ip link set l2 mtu 1500 up; ip addr add 10.7.0.${own}/24 dev l2`);
	}
	const before = await diverted(a);
	t.regex((await a.run('ping -q -c 5 -i 0.2 -W 5 -s 1472 10.7.0.2')).stdout, / 0% packet loss/);
	t.true((await diverted(a)) >= before + 5);
	for (const machine of [a, b]) {
		await machine.run('ip l2tp del tunnel tunnel_id 1');
	}
};

/** With an MTU of its own as large as eth0's, each full packet of WireGuard is above that of eth0. */
const wireGuard: Body = async (t, {a, b}) => {
	const keys = await Promise.all(
		[a, b].map(
			async machine => (await machine.run('wg genkey | tee /tmp/key | wg pubkey')).stdout,
		),
	);
	for (const [machine, own, other, key] of [
		[a, 1, 2, keys[1]],
		[b, 2, 1, keys[0]],
	] as const) {
		await machine.run(`ip link add wg0 mtu 1500 type wireguard
			wg set wg0 private-key /tmp/key listen-port 51820 peer ${key?.trim()} \\
				endpoint 10.0.0.${other}:51820 allowed-ips 10.8.0.0/24
			ip link set wg0 up; ip addr add 10.8.0.${own}/24 dev wg0`);
	}
	await a.run('ping -q -c 1 -W 20 10.8.0.2');
	const before = await diverted(a);
	t.regex((await a.run('ping -q -c 5 -i 0.2 -W 5 -s 1472 10.8.0.2')).stdout, / 0% packet loss/);
	t.true((await diverted(a)) >= before + 5);
	for (const machine of [a, b]) {
		await machine.run('ip link del wg0; rm /tmp/key; rmmod wireguard');
	}
};

/** As an IKE daemon's socket; an IKE message begins with four zeros there. */
const encapsulating: Body = async (t, {a, b}) => {
	const socket = `use Socket; socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;`;
	const server = b.spawn(`exec perl -e '${socket} $| = 1;
		setsockopt(S, 17, 100, pack("i", 2)) or die $!;
		bind(S, sockaddr_in(4500, INADDR_ANY)) or die $!; print "bound\n";
		recv(S, $_, 65536, 0); print length, "\n"'`);
	await until('the socket is bound', () => server.stdout().includes('bound'), patient);
	const before = await diverted(a);
	await a.run(`perl -e '${socket}
		send(S, "\\0" x 4 . "x" x 3000, 0, sockaddr_in(4500, inet_aton("b"))) or die $!'`);
	await until('it arrives', () => server.stdout().includes('3004'));
	await server.done;
	t.is(await diverted(a), before + 1);
};

/** Rules that would see fragments of a datagram over the ordinary path see them. */
const fragments: Body = async (t, {a, b}) => {
	const raw = 'table ip site { chain first { type filter hook prerouting priority raw;';
	const ingress =
		'table netdev site { chain first { type filter hook ingress device eth0 priority 0;';
	for (const [rules, arrives] of [
		['', true],
		[`${raw} ip frag-off & 0x3fff != 0 counter drop; }; }`, false],
		[`${raw} ip length > 1500 counter drop; }; }`, true],
		[`${ingress} ip length > 1500 counter drop; }; }`, true],
		[`${ingress} ip frag-off & 0x3fff != 0 counter drop; }; }`, false],
		[
			'table ip site { chain input { type filter hook input priority 0; ct state new; }; }',
			true,
		],
	] as const) {
		await b.run(`nft flush ruleset; nft '${rules}'`);
		const before = await diverted(a);
		t.is(await takesDatagram(a, b, 5000), arrives, rules);
		t.is(await diverted(a), before + 2);
	}
	await b.run('nft flush ruleset');
};

/** Does a datagram of so many bytes arrive?  One of three bytes, sent after it, does. */
async function takesDatagram(from: Guest, to: Guest, size: number): Promise<boolean> {
	await to.run(`rm -f /tmp/in
		setsid socat -u -b 65000 UDP4-RECV:7102 CREATE:/tmp/in >/dev/null 2>&1 </dev/null &
		until ss -Huln sport = 7102 | grep -q .; do busybox usleep 50000; done`);
	const send = `socat -u -b 65000 - UDP4-SENDTO:${to.name}:7102`;
	await from.run(`head -c ${size} /dev/urandom | ${send}; printf end | ${send}`);
	const {stdout} = await to.run(
		`until [ "$(tail -c 3 /tmp/in | tr -d '\\0')" = end ]; do busybox usleep 50000; done
		pkill -x socat; stat -c %s /tmp/in`,
		slow,
	);

	return Number(stdout) === size + 3;
}

/** A packet socket of one protocol on coloop0 sees what arrives there, as one of all does. */
const listener: Body = async (t, {a, b}) => {
	const sniffer = b.spawn(`exec perl -e '$| = 1;
		socket(S, 17, 3, unpack("S", pack("n", 0x0800))) or die $!;
		open(I, "/sys/class/net/coloop0/ifindex"); $i = <I>;
		bind(S, pack("S n i S C C a8", 17, 0x0800, $i, 0, 0, 0, "")) or die $!; print "bound\n";
		do { recv(S, $_, 65536, 0) } until length > 34 && unpack("C", substr($_, 34)) == 8;
		print "request\n"'`);
	await until('the socket is bound', () => sniffer.stdout().includes('bound'), patient);
	await a.run('ping -q -c 3 -i 0.2 -W 5 b');
	await until('it sees a ping', () => sniffer.stdout().includes('request'));
	t.is((await sniffer.done).status, 0);
};

test(
	'what arrives is what would have arrived by the ordinary path',
	withLab,
	withChannel(
		inTurn({
			'packets above the MTU of an L2TP tunnel over UDP': tunnel,
			'packets above the MTU of a WireGuard tunnel': wireGuard,
			'a datagram above the MTU to a socket that decapsulates': encapsulating,
			'fragments where rules would see them': fragments,
			'a packet socket on coloop0': listener,
		}),
	),
);
