// SPDX-License-Identifier: MIT
import {patient, start, status} from '../../lab/channel.ts';
import type {Guest} from '../../lab/guest.ts';
import {guestNames} from '../../lab/guest-config.ts';
import type {Lab} from '../../lab/lab.ts';
import {until} from '../../lab/until.ts';
import {strayed, waysOf} from '../measure.ts';
import {parseStream, type Figure} from '../parse.ts';
import type {Network} from '../row.ts';
import {applyPolicy, policyFor, type Stage} from '../stage.ts';
import type {Work} from '../work.ts';

type Pair = readonly [from: string, to: string];

const seconds = 2;

/** Pairs of guests that talk at once, a connection each: what all of them get together. */
const mesh = (name: string, pairs: readonly Pair[]): Work => ({
	headings: [{name, unit: 'Mbit/s', better: 'more'}],
	arms: ['netfront', 'channel'],
	take: async (stage: Stage, arm): Promise<Figure[]> => {
		const {lab} = stage;
		await stage.wake();
		await populate(lab, pairs);
		await turnTo(lab, arm, pairs);
		await stage.rest([lab.dom0, ...guestNames.map(name => lab.get(name))]);

		return [await talkAtOnce(lab, arm, pairs)];
	},
});

export const meshes: readonly Work[] = [
	mesh('mesh_both_ways_2', [
		['a', 'b'],
		['b', 'a'],
	]),
	mesh('mesh_pairs_2', [
		['a', 'b'],
		['c', 'd'],
	]),
	mesh('mesh_pairs_4', [
		['a', 'b'],
		['c', 'd'],
		['e', 'f'],
		['g', 'h'],
	]),
	mesh('mesh_all_4', [
		['a', 'b'],
		['a', 'c'],
		['a', 'd'],
		['b', 'c'],
		['b', 'd'],
		['c', 'd'],
	]),
];

/** All guests, since idle ones cost a little, too; and a server for each pair. */
async function populate(lab: Lab, pairs: readonly Pair[]): Promise<void> {
	const {stdout} = await lab.dom0.run('xl list', {silent: true});
	for (const name of guestNames) {
		if (!new RegExp(`^${name} `, 'm').test(stdout)) {
			await start(await lab.create(name));
		}
	}
	for (const [index, [, to]] of pairs.entries()) {
		await lab.get(to).run(`ss -Htln sport = ${portOf(index)} | grep -q . ||
			iperf3 --server --daemon --port ${portOf(index)}
			until ss -Htln sport = ${portOf(index)} | grep -q .; do busybox usleep 50000; done`);
	}
}

function portOf(index: number): number {
	return 5300 + index;
}

async function turnTo(lab: Lab, arm: Network, pairs: readonly Pair[]): Promise<void> {
	const isOpen = async ([from, to]: Pair) =>
		(await liveOf(lab.get(from))).includes(to) && (await liveOf(lab.get(to))).includes(from);
	await applyPolicy(lab, policyFor(arm === 'channel' ? pairs : []));
	for (const pair of pairs) {
		await until(
			`${pair.join(' and ')} have ${arm === 'channel' ? 'a' : 'no'} channel`,
			async () => {
				await lab.get(pair[0]).run(`ping -c 1 -W 1 ${pair[1]}`, {fails: 'maybe'});

				return (await isOpen(pair)) === (arm === 'channel');
			},
			{...patient, every: 500},
		);
	}
}

async function liveOf(machine: Guest): Promise<string[]> {
	const {peers} = await status(machine);

	return peers.filter(({state}) => state === 'live').map(({peer}) => peer);
}

async function talkAtOnce(lab: Lab, arm: Network, pairs: readonly Pair[]): Promise<Figure> {
	const clients = [...new Set(pairs.map(([from]) => from))].map(name => lab.get(name));
	const before = await Promise.all(clients.map(waysOf));
	const outputs = await Promise.all(
		pairs.map(([from, to], index) =>
			lab
				.get(from)
				.run(`iperf3 --client ${to} --port ${portOf(index)} --time ${seconds} --json`, {
					timeout: 300_000,
				}),
		),
	);
	for (const [index, client] of clients.entries()) {
		const was = before[index];
		const complaint = was && strayed(arm, was, await waysOf(client));
		if (complaint !== undefined) {
			throw new Error(`${client.name}: ${complaint}`);
		}
	}
	const rates = outputs.map(({stdout}) => parseStream(stdout).value);
	const detail = Object.fromEntries(rates.map((rate, index) => [pairs[index]?.join('_'), rate]));

	return {value: rates.reduce((sum, rate) => sum + rate, 0), detail};
}
