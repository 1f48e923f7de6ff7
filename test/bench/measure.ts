// SPDX-License-Identifier: MIT
import {peer} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import type {Figure} from './parse.ts';
import type {Arm, Row} from './rows.ts';

/** Packets that a machine sent and received by each way until now, as its counters tell. */
export type Ways = {readonly channel: Packets; readonly netfront: Packets};

type Packets = {readonly sent: number; readonly received: number};

/** Runs a row's program in a machine, and makes sure that its packets went the way they should. */
export async function measure(
	{name, program, parse}: Row,
	arm: Arm,
	machine: Guest,
	address: string,
): Promise<Figure> {
	const before = await waysOf(machine);
	const {stdout} = await machine.run(program(address), {timeout: 300_000});
	const complaint = strayed(arm, before, await waysOf(machine));
	if (complaint !== undefined) throw new Error(`${name}: ${complaint}`);
	return parse(stdout);
}

/** What is wrong with the way that packets took between two looks; nothing if they took the arm. */
export function strayed(arm: Arm, before: Ways, after: Ways): string | undefined {
	for (const direction of ['sent', 'received'] as const) {
		const grown = (way: keyof Ways) => after[way][direction] - before[way][direction];
		const counts = {channel: grown('channel'), netfront: grown('netfront'), loopback: 0};
		const others = counts.channel + counts.netfront - counts[arm];
		// Neighbours ask for each other's addresses meanwhile.
		const strays = 20 + counts[arm] / 100;
		if (others > strays || (arm !== 'loopback' && counts[arm] === 0))
			return `expected packets by ${arm} alone, ${direction} ${counts.channel} by the channel, ${counts.netfront} by netfront`;
	}
	return undefined;
}

/** The channel's are what `coloop -j` prints; eth0's counters do not count what is diverted. */
export async function waysOf(machine: Guest): Promise<Ways> {
	const other = machine.name === 'a' ? 'b' : 'a';
	const {tx_packets: sent = 0, rx_packets: received = 0} = (await peer(machine, other)) ?? {};
	const counters = 'cd /sys/class/net/eth0/statistics && cat tx_packets rx_packets';
	const {stdout} = await machine.run(counters, {silent: true});
	const [eth0Sent = NaN, eth0Received = NaN] = stdout.trim().split('\n').map(Number);
	return {channel: {sent, received}, netfront: {sent: eth0Sent, received: eth0Received}};
}
