// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	diverted,
	hold,
	inTurn,
	isLive,
	patient,
	release,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import type {Arrivals} from '../inside/numbered.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';

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

/** The channel goes and comes, and a flow does not notice, but by time. */
const order: Body = async (t, {a, b}) => {
	const rounds = 20;
	const server = b.spawn('exec node /opt/coloop/numbered.mjs serve 7200');
	await until('it listens', () => server.stdout().includes('ready'), patient);
	const client = a.spawn('exec node /opt/coloop/numbered.mjs send b 7200 1');
	for (let round = 0; round < rounds; round++) {
		await hold(a, 'b');
		await until('there is no channel', async () => !(await isLive(b, 'a')), patient);
		const before = await diverted(a);
		await release(a, 'b');
		await until('it is used', async () => (await diverted(a)) > before + 20, patient);
	}
	const last = <T>(text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as T;
	const {sent} = last<{sent: number}>((await client.stop('SIGTERM')).stdout);
	await a.run(ping, slow);
	const seen = last<Arrivals>((await server.stop('SIGTERM')).stdout);
	t.log(`${sent} sent, ${JSON.stringify(seen)}`);
	t.deepEqual(seen, {received: sent, doubled: 0, late: 0});
	t.true(sent > 1000);
};

test(
	'frames are taken where they leave, after all that looks at them',
	withLab,
	withChannel(
		inTurn({
			'disciplines that promise nothing': queueing,
			'an egress chain of the device': chain,
			'taps on the device see both ways': taps,
			'numbered datagrams arrive once and in order': order,
		}),
	),
);
