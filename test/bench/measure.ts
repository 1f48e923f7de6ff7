// SPDX-License-Identifier: MIT
import {peer} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import type {Figure} from './parse.ts';
import type {Arm, Row} from './rows.ts';

/** Packets that a machine sent by each way until now, as its counters tell. */
export type Ways = {readonly channel: number; readonly netfront: number};

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
	const sent = {
		channel: after.channel - before.channel,
		netfront: after.netfront - before.netfront,
		loopback: 0,
	};
	const most = Math.max(sent.channel, sent.netfront);
	// Neighbours ask for each other's addresses meanwhile.
	const strays = 20 + sent[arm] / 100;
	const others = sent.channel + sent.netfront - sent[arm];
	if (others <= strays && (arm === 'loopback' || sent[arm] === most)) return undefined;
	return `expected packets by ${arm} alone, got ${sent.channel} by the channel, ${sent.netfront} by netfront`;
}

/** The first is what `coloop -j` prints. */
export async function waysOf(machine: Guest): Promise<Ways> {
	const other = machine.name === 'a' ? 'b' : 'a';
	const {tx_packets: channel = 0} = (await peer(machine, other)) ?? {};
	const eth0 = 'cat /sys/class/net/eth0/statistics/tx_packets';
	return {channel, netfront: Number((await machine.run(eth0, {silent: true})).stdout)};
}
