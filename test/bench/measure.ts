// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';
import type {Figure} from './parse.ts';
import type {Network, Row} from './row.ts';

/** Packets that a machine sent and received by each way until now, as its counters tell. */
export type Ways = {readonly channel: Packets; readonly netfront: Packets};

type Packets = {readonly sent: number; readonly received: number};

/** Where a program runs, and where it finds its server. */
export type Place = {readonly machine: Guest; readonly address: string};

export async function measure(row: Row, arm: Network, place: Place): Promise<Figure> {
	return row.parse(await runRow(row, arm, place));
}

/** Runs a row's program, and makes sure that its packets went the way they should. */
export async function runRow(
	{name, program, undiverted}: Row,
	arm: Network,
	{machine, address}: Place,
): Promise<string> {
	const before = await waysOf(machine);
	const {stdout} = await machine.run(program(address), {timeout: 300_000});
	const way = undiverted && arm === 'channel' ? 'netfront' : arm;
	const complaint = strayed(way, before, await waysOf(machine));
	if (complaint !== undefined) {
		throw new Error(`${name}: ${complaint}`);
	}

	return stdout;
}

/** What is wrong with the way that packets took between two looks; nothing if they took the arm. */
export function strayed(arm: Network, before: Ways, after: Ways): string | undefined {
	for (const direction of ['sent', 'received'] as const) {
		const grown = (way: keyof Ways) => after[way][direction] - before[way][direction];
		const counts = {channel: grown('channel'), netfront: grown('netfront'), loopback: 0};
		const others = counts.channel + counts.netfront - counts[arm];
		// Neighbours ask for each other's addresses meanwhile.
		const strays = 20 + counts[arm] / 100;
		if (others > strays || (arm !== 'loopback' && counts[arm] === 0)) {
			return `expected packets by ${arm} alone, ${direction} ${counts.channel} by the channel, ${counts.netfront} by netfront`;
		}
	}

	return undefined;
}

/**
 * Read from the devices' counters: asking the daemon would have it tidy up during the row. Those
 * of eth0 do not count what is diverted.
 */
export async function waysOf(machine: Guest): Promise<Ways> {
	const device = machine.name === 'dom0' ? 'xenbr0' : 'eth0';
	const counters = ['coloop0', device]
		.flatMap(each => [`${each}/statistics/tx_packets`, `${each}/statistics/rx_packets`])
		.join(' ');
	const {stdout} = await machine.run(`cd /sys/class/net && cat ${counters}`, {silent: true});

	return parseWays(stdout);
}

/** Sent and received by the channel, then by netfront, a line each. */
export function parseWays(stdout: string): Ways {
	const counts = stdout.trim().split('\n').map(Number);
	const [sent = NaN, received = NaN, eth0Sent = NaN, eth0Received = NaN] = counts;

	return {
		channel: {sent, received},
		netfront: {sent: eth0Sent, received: eth0Received},
	};
}
