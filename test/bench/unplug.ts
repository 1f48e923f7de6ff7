// SPDX-License-Identifier: MIT
import {isLive, patient} from '../lab/channel.ts';
import type {Background} from '../lab/guest.ts';
import type {Lab} from '../lab/lab.ts';
import {until} from '../lab/until.ts';
import {waysOf} from './measure.ts';
import {median, parseIntervals} from './parse.ts';

/** Mbit/s of one connection: over the channel, without it, and over the next channel. */
export type Unplugged = {
	readonly plugged: number;
	readonly unplugged: number;
	readonly replugged: number;
};

// An emulated `coloop` takes some of these seconds to start, beside an iperf3 that takes all it gets.
const iperf3 = 'iperf3 --client b --time 30 --interval 1 --format m --forceflush';
const cli = {timeout: 240_000};

/** Takes the channel away from a running iperf3 and gives it back; iperf3 must not end by that. */
export async function unplug({a, b}: Lab, print: (text: string) => void): Promise<Unplugged> {
	const client = a.spawn(iperf3, {stdout: chunk => print(chunk.toString())});
	const plugged = await nextRate(client);

	await a.run('coloop down b', cli);
	await until('b has no channel', async () => !(await isLive(b, 'a')), patient);
	const down = await waysOf(a);
	const unplugged = await nextRate(client);
	const still = await waysOf(a);
	if (still.channel.sent > down.channel.sent) {
		throw new Error('packets take a channel that is down');
	}

	await a.run('coloop up b', cli);
	const replugged = await nextRate(client);
	if ((await waysOf(a)).channel.sent <= still.channel.sent) {
		throw new Error('packets take no channel');
	}

	const {status, stderr} = await client.done;
	if (status !== 0) {
		throw new Error(`iperf3 ended with status ${status}: ${stderr}`);
	}

	return {plugged, unplugged, replugged};
}

/** The rate of the next three whole intervals. */
async function nextRate(client: Background): Promise<number> {
	const rates = () => parseIntervals(client.stdout());
	const next = rates().length + 1;
	await Promise.race([
		until('iperf3 moves data', () => rates().length >= next + 3, patient),
		client.done.then(({status, stdout, stderr}) => {
			throw new Error(`iperf3 ended too soon with status ${status}:\n${stdout}${stderr}`);
		}),
	]);

	return median(rates().slice(next));
}
