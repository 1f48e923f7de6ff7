// SPDX-License-Identifier: MIT
import {
	allowPair,
	channelUp,
	diverted,
	inTurn,
	isLive,
	pair,
	patient,
	peer,
	withColoop,
	writePolicy,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';

const slow = {timeout: 600_000};

const policyFirst: Body = async (t, {lab, dom0, a, b}) => {
	await until(
		'only policy stands between a and b',
		async () => (await pair(lab))?.code === 'policy',
		patient,
	);
	await a.run('ping -c 5 -i 0.2 b');
	t.is(await diverted(a), 0);
	t.is((await pair(lab))?.state, 'refused');
	t.regex((await dom0.run('coloop', {timeout: 120_000})).stdout, /^a <-> b .* refused /m);

	await writePolicy(dom0, allowPair);
	await channelUp(lab);
	const before = await peer(a, 'b');
	await a.run('ping -c 10 -i 0.2 b');
	const after = await peer(a, 'b');
	t.true((after?.tx_packets ?? 0) >= (before?.tx_packets ?? 0) + 10);
	t.true((after?.rx_packets ?? 0) >= (before?.rx_packets ?? 0) + 10);
	t.true((await diverted(b)) >= 10);
};

const seen: Body = async (t, {a, b}) => {
	for (const [address, request, reply] of [
		['b', 'ICMP echo request', 'ICMP echo reply'],
		['b6', 'ICMP6, echo request', 'ICMP6, echo reply'],
	] as const) {
		const [channel, lower] = [await capture(b, 'coloop0'), await capture(b, 'eth0')];
		await a.run(`ping -c 5 -i 0.2 ${address}`);
		for (const [device, tcpdump] of [
			['coloop0', channel],
			['eth0', lower],
		] as const) {
			await until(`both are seen on ${device}`, () => {
				const seen = tcpdump.stdout();

				return seen.includes(request) && seen.includes(reply);
			});
			await tcpdump.stop();
		}
	}
	const {stdout} = await b.run('ip -s -j link show coloop0 | jq -c .[0].stats64');
	t.regex(stdout, /"rx":\{"bytes":[1-9]\d*,"packets":[1-9]/);
	t.regex(stdout, /"tx":\{"bytes":[1-9]\d*,"packets":[1-9]/);
};

async function capture(machine: Guest, device: string) {
	const tcpdump = machine.spawn(`exec tcpdump -n -l -i ${device} 'not tcp'`);
	await until('tcpdump listens', () => tcpdump.stderr().includes('listening on'), patient);

	return tcpdump;
}

const largeDatagrams: Body = async (t, {a, b}) => {
	for (const [family, address, size] of [
		['4', 'b', 32_000],
		['6', 'b6', 8900],
	] as const) {
		await b.run(`rm -f /tmp/in
			setsid socat -u -b 65000 UDP${family}-RECV:7102 OPEN:/tmp/in,creat >/dev/null 2>&1 </dev/null &
			until ss -Huln sport = 7102 | grep -q .; do busybox usleep 50000; done`);
		// Counted, not captured: for captures a sender cuts what the ordinary path would carry in parts.
		const before = await diverted(a);
		const sum = 'head -c $size /dev/urandom >/tmp/out; sha256sum </tmp/out';
		const {stdout: sent} = await a.run(`size=${size}; ${sum}
			socat -u -b 65000 OPEN:/tmp/out UDP${family}-SENDTO:${address}:7102`);
		await until('all of it has arrived', async () => {
			const {stdout} = await b.run('stat -c %s /tmp/in', {silent: true});

			return Number(stdout) === size;
		});
		t.is((await b.run('sha256sum </tmp/in; pkill -x socat')).stdout, sent);
		t.is((await diverted(a)) - before, 1);
	}
};

const stream: Body = async (t, {a, b}) => {
	// Random numbers and sums are slow in emulation, copies are not.
	const make = `head -c 1M /dev/urandom >/tmp/one
		for part in $(seq 50); do echo $part; cat /tmp/one; done >/tmp/out; sha256sum </tmp/out`;
	const sent = await Promise.all([a, b].map(each => each.run(make, slow)));
	const before = await diverted(b);
	// Not nc: its listening side leaves when it has received everything, with its own half unsent.
	const both = 'exec socat -t 600 -b 65536 OPEN:/tmp/out,rdonly!!CREATE:/tmp/in';
	const server = b.spawn(`${both} TCP-LISTEN:7103`);
	await b.run('until ss -Htln sport = 7103 | grep -q .; do busybox usleep 50000; done');
	await a.run(`${both} TCP:b:7103`, slow);
	await server.done;
	const sums = await Promise.all([b, a].map(each => each.run('sha256sum </tmp/in', slow)));
	t.deepEqual(
		sums.map(({stdout}) => stdout),
		sent.map(({stdout}) => stdout),
	);
	t.true((await diverted(b)) - before > 50);
};

const downAndUp: Body = async (t, {lab, dom0, a, b}) => {
	await b.run('iperf3 --server --daemon');
	const iperf3 = a.spawn('iperf3 -c b -t 300 -b 20M -i 1 --forceflush');
	await until('iperf3 runs', () => iperf3.stdout().includes('bits/sec'));

	await a.run('coloop down b', slow);
	await until('b has no channel', async () => !(await isLive(b, 'a')), patient);
	const ordinary = await diverted(a);
	const lines = iperf3.stdout().length;
	await until('iperf3 goes on', () => /bits[^]*[1-9] Mbits/.test(iperf3.stdout().slice(lines)));
	t.is(await diverted(a), ordinary);
	t.like(await peer(a, 'b'), {state: 'held', code: 'held'});

	t.regex((await a.run('coloop up b -t 300', slow)).stdout, /live/);
	await until('iperf3 is diverted', async () => (await diverted(a)) > ordinary + 100);
	await iperf3.stop();
	for (const [machine, name, row] of [
		[dom0, 'b', /^a <-> b .* live /m],
		[a, 'b', /^b .* live /m],
		[b, 'a', /^a .* live /m],
	] as const) {
		t.regex((await machine.run('coloop', slow)).stdout, row);
		t.regex((await machine.run(`coloop show ${name}`, slow)).stdout, /live for/);
		t.regex((await machine.run('coloop -j', slow)).stdout, /"state": "live"/);
	}
	t.is((await pair(lab))?.state, 'live');
};

/** What two guests say to each other goes through a channel, whatever kind of guests they are. */
export const carries = withColoop(
	'version: 1\npairs: []\n',
	inTurn({
		'nothing is diverted until policy allows it': policyFirst,
		'tcpdump and ip see diverted packets': seen,
		'a datagram above the MTU crosses as one record, intact': largeDatagrams,
		'a TCP stream arrives intact, both ways at once': stream,
		'coloop takes a channel down and up under iperf3': downAndUp,
	}),
);
