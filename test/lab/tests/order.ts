// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {channelDown, isDiverted, patient, release, withChannel, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
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

test(
	'numbered datagrams and a stream do not notice a channel that comes and goes',
	labWith({mode: 'icount'}),
	withChannel(order),
);
