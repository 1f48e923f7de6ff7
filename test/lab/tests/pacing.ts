// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelDown,
	diverted,
	inTurn,
	isDiverted,
	patient,
	release,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Background, Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 600_000};

/** What iperf3 said of each interval, in Mbit/s. */
function rates(iperf3: Background): number[] {
	const lines = iperf3.stdout().matchAll(/([\d.]+) Mbits\/sec/g);

	return [...lines].map(([, rate]) => Number(rate));
}

async function says(iperf3: Background, more: number): Promise<number[]> {
	const before = rates(iperf3).length;
	await until('it goes on', () => rates(iperf3).length >= before + more, patient);

	return rates(iperf3).slice(before);
}

/** A pace that began when the ordinary path had the packets stays, and so does the connection. */
const stream: Body = async (t, {a, b}) => {
	await b.run('iperf3 --server --daemon');
	await a.run('tc qdisc replace dev eth0 root fq');
	await channelDown({a, b});
	const iperf3 = a.spawn('iperf3 -c b -t 6000 -i 2 --fq-rate 20M -f m --forceflush');
	// Before the first acknowledgements nothing is paced.
	await says(iperf3, 1);
	const seen = [await says(iperf3, 3)];
	await release(a, 'b');
	await isDiverted(a);
	seen.push(await says(iperf3, 8));
	await channelDown({a, b});
	seen.push(await says(iperf3, 6));
	await release(a, 'b');
	await isDiverted(a);
	seen.push(await says(iperf3, 6));
	await iperf3.stop();
	t.log(seen.map(each => each.join(' ')).join(' | '));
	for (const each of seen) {
		t.true(Math.max(...each) < 25, 'faster than its pace');
		// One interval may have waited for the switch.
		t.true(each.filter(rate => rate > 10).length >= each.length - 1, 'it stands');
	}
};

/** Fq marks such a socket as paced by itself, too. */
const raw: Body = async (t, {a}) => {
	const before = await diverted(a);
	await a.run(`perl -MSocket -e '
		socket(my $s, PF_INET, SOCK_RAW, 6) or die $!;
		connect($s, sockaddr_in(0, inet_aton("b"))) or die $!;
		for (1 .. 200) { send($s, "\\0" x 40, 0) or die $! }'`);
	t.true((await diverted(a)) - before >= 200);
};

/** Datagrams have nobody but fq to pace them: they stay with it. */
const datagrams: Body = async (t, {a}) => {
	const before = await diverted(a);
	const {stdout} = await a.run('iperf3 -c b -u -b 0 --fq-rate 20M -t 6 -f m', slow);
	const rate = Number(/([\d.]+) Mbits\/sec.*receiver/.exec(stdout)?.[1]);
	t.log(`${rate} Mbit/s`);
	t.true(rate > 10 && rate < 25, stdout);
	// The connection that iperf3 talks over is diverted.
	t.true((await diverted(a)) - before < 200);
};

async function msUntilReceived(a: Guest, b: Guest, ms: number): Promise<number> {
	const receiver = b.spawn(`exec tcpdump -n -l -tt -i any -c 2 "icmp[0] == 8 or udp port 7210"`);
	await until('tcpdump listens', () => receiver.stderr().includes('listening on'), patient);
	await a.run(`ping -c 1 b >/dev/null; exec /opt/coloop/senders later b 7210 ${ms}`);
	const {stdout} = await receiver.done;
	const [from, to] = stdout.split('\n').map(line => Number(/^[\d.]+/.exec(line)?.[0]));

	return 1000 * ((to ?? 0) - (from ?? 0));
}

const later: Body = async (t, {a, b}) => {
	const ms = await msUntilReceived(a, b, 600);
	t.log(`${ms.toFixed(0)} ms`);
	t.true(ms >= 590, 'before its time');
	await a.run('tc qdisc del dev eth0 root');
};

/** dom0's interfaces carry 1500 bytes, and segmented packets of more: a stream of those lasts. */
const longPackets: Body = async (t, {a, b}) => {
	for (const each of [a, b]) {
		await each.run('ip link set eth0 mtu 9000');
	}
	const iperf3 = a.spawn('iperf3 -c b -t 6000 -i 2 -f m --forceflush');
	const before = await says(iperf3, 2);
	await channelDown({a, b});
	const seen = await says(iperf3, 6);
	t.log(`${before.join(' ')} | ${seen.join(' ')}`);
	t.true(seen.filter(rate => rate > 10).length >= seen.length - 1, 'it stands');
	await release(a, 'b');
	await iperf3.stop();
	for (const each of [a, b]) {
		await each.run('ip link set eth0 mtu 1500');
	}
};

test(
	'streams and datagrams keep their pace, and connections last',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'a stream that fq paced': stream,
			'a raw socket of TCP’s protocol': raw,
			'datagrams that fq paces': datagrams,
			'a datagram for later': later,
			'packets that dom0 does not carry': longPackets,
		}),
	),
);
