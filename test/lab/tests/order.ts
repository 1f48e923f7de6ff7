// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {
	channelDown,
	inTurn,
	isDiverted,
	load,
	patient,
	release,
	withChannel,
	type Body,
} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {Counter, Numbers} from '../numbered.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 600_000};
const rounds = Number(process.env['ROUNDS'] ?? 20);

/** Nobody sends any more: what was sent has arrived after these. */
const ping = 'ping -q -c 5 -i 0.2 -W 5 b';

/**
 * A stream's receiver met nothing out of turn, and its sender has repeated only what had arrived: where
 * acknowledgements are held for a moment, TCP may probe for a loss that there is not.
 */
async function isUntroubled(t: ExecutionContext, machine: Guest, end: string): Promise<void> {
	const {stdout} = await machine.run(`ss -tinH state established ${end} = :5201`);
	// Not iperf3's control connection, whose few bytes have nothing behind them.
	const stream =
		stdout.split('\n').find(each => /bytes_(?:sent|received):\d{6}/.test(each)) ?? '';
	t.regex(stream, /bytes_/, stdout);
	t.notRegex(stream, /reord_seen|rcv_ooopack/, machine.name);
	const [repeated, known] = [/retrans:\d+\/(\d+)/, /dsack_dups:(\d+)/].map(each =>
		Number(each.exec(stream)?.[1] ?? 0),
	);
	t.is(repeated, known, stream);
}

/** The channel goes and comes, and flows do not notice, but by time. */
const order: Body = async (t, {a, b}) => {
	const counter = await Counter.start(b);
	const flows = [new Numbers(a, 'b', 3), new Numbers(a, 'b', 10, 4000)];
	await b.run('iperf3 --server --daemon');
	const iperf3 = a.spawn('iperf3 -c b -t 6000 -b 5M -i 5 --forceflush');
	await until('iperf3 runs', () => iperf3.stdout().includes('bits/sec'), patient);
	for (let round = 0; round < rounds; round++) {
		await channelDown({a, b});
		await release(a, 'b');
		await isDiverted(a);
	}
	const sent = await Promise.all(flows.map(each => each.stop()));
	await a.run(ping, slow);
	const seen = await counter.stop();
	t.log(`${sent.join(', ')} sent, ${JSON.stringify(seen)}`);
	t.deepEqual(seen, {received: sent.reduce((a, b) => a + b), doubled: 0, late: 0});
	await isUntroubled(t, a, 'dport');
	await isUntroubled(t, b, 'sport');
	await iperf3.stop();
	await b.run('pkill -x iperf3');
};

/** dom0 takes what a sends at 4 Mbit/s, by turns of 50 ms; or as fast as it comes. */
function limit(dom0: Guest, isLimited: boolean) {
	const node = '/local/domain/0/backend/vif/$(xl domid a)/0/rate';

	return dom0.run(isLimited ? `xenstore-write ${node} 25000,50000` : `xenstore-rm ${node}`);
}

type Waiting = {readonly qlen: number; readonly drops: number};

/** What eth0's discipline has, and what it threw away. */
async function waiting(machine: Guest): Promise<Waiting> {
	const {stdout} = await machine.run('tc -s -j qdisc show dev eth0', {silent: true});
	const [root] = JSON.parse(stdout) as [Waiting];

	return root;
}

/** Datagrams for which a socket of the machine had no room: what was held may come at once. */
async function overflowed(machine: Guest): Promise<number> {
	const {stdout} = await machine.run("awk '/^Udp: [0-9]/ {print $6}' /proc/net/snmp");

	return Number(stdout);
}

/** A channel comes up while the ordinary path has much to do: none overtakes what waits there. */
const backlogOf =
	(discipline: string): Body =>
	async (t, {lab, dom0, a, b}) => {
		const [left, right] = [await Drive.start(lab, a), await Drive.start(lab, b)];
		const link = new Link(left, right);
		await a.run(`tc qdisc replace dev eth0 root ${discipline}`);
		const counter = await Counter.start(b);
		const before = await overflowed(b);
		await limit(dom0, true);
		// The driver's ring has room for what two or three sockets may have on their way.
		const flows = [3, 10, 10, 10, 10, 10].map(
			ms => new Numbers(a, 'b', ms, ms === 3 ? 64 : 4000),
		);
		await until('packets wait', async () => (await waiting(a)).qlen > 50, patient);
		await link.connect();
		const {qlen} = await waiting(a);
		await isDiverted(a);
		await limit(dom0, false);
		const sent = await Promise.all(flows.map(each => each.stop()));
		await link.close();
		await a.run(ping, slow);
		const {drops} = await waiting(a);
		const seen = await counter.stop();
		const lost = drops + (await overflowed(b)) - before;
		t.log(`${qlen} waited, ${sent.join(', ')} sent, ${lost} dropped, ${JSON.stringify(seen)}`);
		t.like(seen, {doubled: 0, late: 0}, discipline);
		// A dropped fragment takes its datagram with it.
		t.true(seen.received >= sent.reduce((a, b) => a + b) - lost, discipline);
		await link.forget();
		await Promise.all([left.stop(), right.stop()]);
		await a.run('tc qdisc del dev eth0 root');
	};

test(
	'packets that wait in eth0 are not overtaken when a channel comes up',
	labWith({mode: 'icount'}),
	async (t, given) => {
		for (const guest of [given.a, given.b]) {
			await load(guest);
		}
		await inTurn({
			pfifo: backlogOf('pfifo limit 1000'),
			fq_codel: backlogOf('fq_codel'),
			fq: backlogOf('fq'),
		})(t, given);
	},
);

test(
	'numbered datagrams and a stream do not notice a channel that comes and goes',
	labWith({mode: 'icount'}),
	withChannel(order),
);
