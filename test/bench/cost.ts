// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';
import type {Lab} from '../lab/lab.ts';
import {measure, waysOf} from './measure.ts';
import {unexpected, type Figure} from './parse.ts';
import type {Network, Row} from './row.ts';
import type {Stage} from './stage.ts';

/** CPU seconds of each domain since its start, as xl tells. */
export type CpuTimes = {readonly dom0: number; readonly a: number; readonly b: number};

/** What a program's run cost beside its own figure. */
export type Cost = {
	readonly figure: Figure;
	readonly dom0: number;
	readonly guests: number;
	/** Event channel interrupts of the network in all domains, for each packet of the client. */
	readonly eventsPerPacket: number;
};

// xl tells tenths: less than one is not to be told from none.
const leastSeconds = 0.1;
const looks = 10;

export async function costOf(stage: Stage, arm: Network, row: Row): Promise<Cost> {
	const {lab} = stage;
	await stage.rest();
	const place = stage.place(arm);
	const events = await eventsOf(lab);
	const packets = await packetsOf(place.machine, arm);
	const {times, own} = await cpuTimes(lab.dom0);

	const figure = await measure(row, arm, place);

	const after = parseCpuTimes((await lab.dom0.run('xl list', {silent: true})).stdout);
	const sent = (await packetsOf(place.machine, arm)) - packets;
	const caused = (await eventsOf(lab)) - events;

	return {
		figure,
		dom0: Math.max(after.dom0 - times.dom0 - own, leastSeconds),
		guests: after.a - times.a + (after.b - times.b),
		eventsPerPacket: sent === 0 ? 0 : caused / sent,
	};
}

/** The times now, and what it costs dom0 to ask. */
async function cpuTimes(dom0: Guest): Promise<{times: CpuTimes; own: number}> {
	const command = `for i in $(seq ${looks}); do xl list; done`;
	const {stdout} = await dom0.run(command, {silent: true});
	const [first, ...rest] = stdout.split(/^(?=Name )/m).map(parseCpuTimes);
	const last = rest.at(-1);
	if (!first || !last) {
		throw unexpected(`${looks} lists of xl`, stdout);
	}

	return {times: last, own: (last.dom0 - first.dom0) / (looks - 1)};
}

/** The last column of `xl list`. */
export function parseCpuTimes(stdout: string): CpuTimes {
	const time = (name: string) => {
		const seconds = Number(new RegExp(`^${name} .* ([\\d.]+)$`, 'm').exec(stdout)?.[1]);
		if (!(seconds >= 0)) {
			throw unexpected(`${name} in xl list`, stdout);
		}

		return seconds;
	};

	return {dom0: time('Domain-0'), a: time('a'), b: time('b')};
}

async function eventsOf({dom0, a, b}: Lab): Promise<number> {
	let sum = 0;
	for (const each of [dom0, a, b]) {
		sum += parseEvents((await each.run('cat /proc/interrupts', {silent: true})).stdout);
	}

	return sum;
}

/** How often the first network interface of a guest, or a channel, interrupted. */
export function parseEvents(interrupts: string): number {
	const ours = /^ *\d+:((?: +\d+)+) .*[ -](?:vif0-\S+|vif\d+\.0-\S+|coloop)$/gm;

	return [...interrupts.matchAll(ours)]
		.flatMap(([, counts = '']) => counts.trim().split(/ +/).map(Number))
		.reduce((sum, count) => sum + count, 0);
}

async function packetsOf(machine: Guest, arm: Network): Promise<number> {
	if (arm === 'loopback') {
		return 0;
	}
	const {sent, received} = (await waysOf(machine))[arm];

	return sent + received;
}
