// SPDX-License-Identifier: MIT
import test from 'ava';
import {diverted, inTurn, isLive, patient, peer, withChannel, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {Counter, Numbers, counterPort, trains} from '../numbered.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 600_000};

/** Whether traffic with b, of which there has to be some, was diverted in a. */
async function isDivertedBy(a: Guest, command: string): Promise<boolean> {
	const before = await diverted(a);
	await a.run(command, slow);

	return (await diverted(a)) > before;
}

const ping = 'ping -q -c 5 -i 0.2 -W 5 b';

/** Disciplines of the sender: kind and options, and whether they leave a packet to the channel. */
const disciplines = [
	['fq_codel', true],
	['pfifo_fast', true],
	['pfifo', true],
	['sfq', true],
	['codel', true],
	['fq_pie', true],
	['cake', true],
	['cake bandwidth 10mbit', false],
	['cake wash', false],
	['fq', true],
	['fq maxrate 20mbit', false],
	['tbf rate 10mbit burst 32k latency 400ms', false],
] as const;

const queueing: Body = async (t, {a}) => {
	for (const [discipline, isPlain] of disciplines) {
		await a.run(`tc qdisc replace dev eth0 root ${discipline}`);
		t.is(await isDivertedBy(a, ping), isPlain, discipline);
	}
	// In place: the discipline stays, its options change.
	await a.run('tc qdisc replace dev eth0 root fq');
	t.true(await isDivertedBy(a, ping));
	await a.run('tc qdisc change dev eth0 root fq maxrate 20mbit');
	t.false(await isDivertedBy(a, ping), 'fq with a rate');
	await a.run('tc qdisc replace dev eth0 root handle 1: fq_codel');
	await a.run('tc filter add dev eth0 parent 1: protocol all u32 match u32 0 0 flowid 1:1');
	t.false(await isDivertedBy(a, ping), 'a filter in fq_codel');
	await a.run('tc qdisc del dev eth0 root');
	t.true(await isDivertedBy(a, ping));
};

/** The device's own chain sees what is diverted, and decides. */
const chain: Body = async (t, {a}) => {
	await a.run('nft -f -', {
		input: `table netdev site {
			chain out {
				type filter hook egress device eth0 priority 0;
				icmp type echo-request counter drop
			}
		}`,
	});
	await a.run('ping -c 3 -i 0.2 -W 1 b', {fails: true});
	t.regex((await a.run('nft list ruleset')).stdout, /counter packets [1-9]/);
	await a.run('nft flush ruleset');
	t.true(await isDivertedBy(a, ping));
};

/** Both ways, as without a channel. */
const taps: Body = async (t, {a}) => {
	for (const [host, request, reply] of [
		['b', 'ICMP echo request', 'ICMP echo reply'],
		['b6', 'ICMP6, echo request', 'ICMP6, echo reply'],
	] as const) {
		const tcpdump = a.spawn('exec tcpdump -n -l -i eth0 "icmp or icmp6"');
		await until('tcpdump listens', () => tcpdump.stderr().includes('listening on'), patient);
		t.true(await isDivertedBy(a, `ping -c 3 -i 0.2 -W 5 ${host}`));
		await until('both are seen', () => {
			const seen = tcpdump.stdout();

			return seen.split(request).length === 4 && seen.split(reply).length === 4;
		});
		await tcpdump.stop();
	}
};

/** Prints how long each UDP frame of eth0 is, or the error, as a program sees it that asks for offloads, too. */
const ear = `
import socket
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
ear.setsockopt(263, 15, 1)  # PACKET_VNET_HDR
ear.bind(("eth0", 3))
print("listens", flush=True)
while True:
    try:
        frame = ear.recv(1 << 17)[10:]
        if frame[12:14] == b"\\x08\\0" and frame[23] == 17:
            print(len(frame), flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
`;

/** Captures see what netfront would carry: fragments, and datagrams of a train one by one. */
const captures: Body = async (t, {a, b}) => {
	const send = `head -c 4000 /dev/zero | socat -u -b 4000 - UDP-SENDTO:b:${counterPort}
		/opt/coloop/senders segments b ${counterPort} 1`;
	const records = async () => {
		const before = await diverted(a);
		await a.run(send, slow);

		return (await diverted(a)) - before;
	};
	const sink = b.spawn(`exec socat -u UDP-RECV:${counterPort} OPEN:/dev/null`);
	const {status} = await a.run('ethtool -K coloop0 tx-udp-segmentation on', {fails: 'maybe'});
	const whole = status === 0 ? 3 : 12;
	t.is(await records(), whole, 'nobody captures');
	for (const [machine, crossing] of [
		[a, 14],
		[b, whole],
	] as const) {
		const capture = machine.spawn(`exec python3 -c '${ear}'`);
		await until('it listens', () => capture.stdout().includes('listens'), patient);
		t.is(await records(), crossing, `${machine.name} captures`);
		const seen = () => capture.stdout().trim().split('\n').slice(1);
		await until('all is seen', () => seen().length >= 14, patient);
		t.deepEqual(seen(), ['1514', '1514', '1082', ...Array(10).fill('1242'), '142']);
		await capture.stop();
	}
	t.is(await records(), whole, 'nobody captures any more');
	await sink.stop();
};

/** A cgroup's program meets the device that the packet leaves by, as ever, and decides. */
const cgroup: Body = async (t, {a}) => {
	const {stdout: ifindex} = await a.run('cat /sys/class/net/eth0/ifindex');
	await a.run('mkdir -p /tmp/cgroup; mount -t cgroup2 none /tmp/cgroup');
	for (const passes of [1, 0]) {
		const folder = `/tmp/cgroup/${passes}`;
		await a.run(
			`mkdir ${folder}; /opt/coloop/senders cgroup ${folder} ${Number(ifindex)} ${passes}`,
		);
		const before = await diverted(a);
		const confined = `echo $$ >${folder}/cgroup.procs; exec ping -c 3 -i 0.2 -W 1 b`;
		await a.run(`bash -c '${confined}'`, {fails: passes === 0});
		t.is((await diverted(a)) > before, passes === 1);
		await a.run(`rmdir ${folder}`);
	}
	await a.run('umount /tmp/cgroup');
};

/** Trains of segments and single datagrams in turn keep their order, whoever cuts the trains. */
const segments: Body = async (t, {a, b}) => {
	for (const cut of ['on', 'off']) {
		const set = `ethtool -K coloop0 tx-udp-segmentation ${cut}`;
		// A record of Linux 6.1 cannot say it.
		const {status} = await a.run(set, {fails: 'maybe'});
		const {records, ...rest} = await trains(a, b);
		t.deepEqual(rest, {lost: 0, late: 0}, cut);
		t.is(Math.round(records), cut === 'on' && status === 0 ? 2 : 11);
	}
	await a.run('ethtool -K coloop0 tx-udp-segmentation on', {fails: 'maybe'});
};

/** What a program writes to the device itself is nobody's fault. */
const frames: Body = async (t, {a, b}) => {
	await a.run('/opt/coloop/senders frames eth0 00:16:3e:00:00:02', slow);
	t.true(await isDivertedBy(a, ping));
	t.true((await isLive(a, 'b')) && (await isLive(b, 'a')));
	t.notRegex((await b.run('dmesg')).stdout, /given up/);
};

/** The next hop moves to dom0, which routes, and back: each datagram takes one way or the other. */
const neighbour: Body = async (t, {dom0, a, b}) => {
	const {stdout: router} = await dom0.run(
		`sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
			net.ipv4.conf.xenbr0.send_redirects=0
		cat /sys/class/net/xenbr0/address`,
	);
	const counter = await Counter.start(b);
	const numbers = new Numbers(a, 'b', 2);
	const before = await diverted(a);
	const replace = (mac: string) => `ip neigh replace 10.0.0.2 lladdr ${mac} dev eth0`;
	await a.run(
		`for i in $(seq 15); do
			${replace(router.trim())}; busybox usleep 50000
			${replace('00:16:3e:00:00:02')}; busybox usleep 50000
		done`,
		slow,
	);
	const sent = await numbers.stop();
	await a.run(ping, slow);
	t.like(await counter.stop(), {received: sent, doubled: 0});
	t.true((await diverted(a)) - before > 50);
	await dom0.run('sysctl -q net.ipv4.ip_forward=0');
};

/** Longer packets than dom0 carries get nowhere, and what is short stays with them, in order. */
const sizes: Body = async (t, {a, b}) => {
	for (const each of [a, b]) {
		await each.run('ip link set eth0 mtu 9000');
	}
	await a.run('ping -M do -s 8000 -c 3 -i 0.2 -W 1 b', {fails: true});
	t.false(await isDivertedBy(a, 'ping -M do -s 1472 -q -c 5 -i 0.2 -W 5 b'));
	t.true(((await peer(a, 'b'))?.ordinary['size'] ?? 0) >= 8);
	for (const each of [a, b]) {
		await each.run('ip link set eth0 mtu 1500');
	}
	t.true(await isDivertedBy(a, ping));
};

test(
	'frames are taken where they leave, after all that looks at them',
	// A socket of an emulated program overflows when others have the processor.
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'disciplines that promise nothing': queueing,
			'an egress chain of the device': chain,
			'taps on the device see both ways': taps,
			'captures see what netfront would carry': captures,
			'a program of a cgroup': cgroup,
			'UDP segments': segments,
			'raw frames': frames,
			'a neighbour that moves': neighbour,
			'packets above the MTU of the path': sizes,
		}),
	),
);
