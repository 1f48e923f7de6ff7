// SPDX-License-Identifier: MIT
import {channelDown, channelUp, patient, release} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import type {Lab} from '../lab/lab.ts';
import {until} from '../lab/until.ts';
import {compare, type Comparison} from './compare.ts';
import {parseSighting, ways, type Sighting, type Way} from './sighting.ts';

const folder = '/opt/coloop/conform';
const port = 7300;

/** Which cases: `['all']`, which are those of `['last']`, too, `['fast']`, or some by their names. */
export type Selection = readonly string[];

export type Listener = (way: Way, seen: Sighting) => void;

/**
 * Each case over the channel and over netfront, in a lab whose guests have a channel. What differed or
 * failed is tried once more, as a timer may have fired in one of the two.
 */
export async function conform(
	lab: Lab,
	selection: Selection,
	hear: Listener,
): Promise<readonly Comparison[]> {
	const places = [await serve(lab, lab.a), await serve(lab, lab.b)];
	await acquaint(lab);
	const bothWays = (names: Selection, round: number) =>
		bothWaysAt(lab, places, names, round, hear);
	const first = await bothWays(selection, 0);
	const doubtful = first.filter(isDoubtful).map(({name}) => name);
	const again = doubtful.length > 0 ? await bothWays(doubtful, 2) : [];

	const last = selection[0] === 'all' ? await bothWays(['last'], 4) : [];

	return [...first.map(each => again.find(({name}) => name === each.name) ?? each), ...last];
}

/** Neither the same nor missing. */
export function isDoubtful({verdict}: Comparison): boolean {
	return verdict === 'differs' || verdict === 'failed';
}

/** Where dom0 reaches it: by IPv6, as the driver is not to be among what IPv4 counts. */
async function serve({dom0}: Lab, guest: Guest): Promise<string> {
	// Answers to errors are counted, so none may be left out for coming too soon.
	await guest.run(
		`sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000 \\
			net.ipv6.icmp.ratelimit=0 net.ipv4.tcp_no_metrics_save=1`,
	);
	const server = guest.spawn(`exec python3 ${folder}/machine.py eth1 ${port}`);
	await until('it serves the cases', () => server.stdout().includes('ready'), patient);
	const {stdout: domain} = await dom0.run(`xl domid ${guest.name}`);
	const vif = `vif${domain.trim()}.1`;
	await dom0.run(`echo 0 >/proc/sys/net/ipv6/conf/${vif}/disable_ipv6`);
	const address = await guest.run("ip -6 -o addr show dev eth1 scope link | awk '{print $4}'");

	return `${address.stdout.split('/')[0] ?? ''}%${vif}:${port}`;
}

/** Neighbours that ask each other now and then would be counted; cases of neighbours forget them. */
async function acquaint({a, b}: Lab): Promise<void> {
	for (const [guest, other] of [
		[a, 2],
		[b, 1],
	] as const) {
		await guest.run(
			`for each in 10.0.0.${other} fd00::${other} fe80::216:3eff:fe00:${other}; do
				ip neigh replace $each lladdr 00:16:3e:00:00:0${other} dev eth0 nud permanent
			done`,
		);
	}
}

async function bothWaysAt(
	lab: Lab,
	places: readonly string[],
	selection: Selection,
	round: number,
	hear: Listener,
): Promise<readonly Comparison[]> {
	const seen: Record<Way, Sighting[]> = {channel: [], netfront: []};
	for (const [index, way] of ways.entries()) {
		await turnTo(lab, way);
		const listen = (each: Sighting) => {
			seen[way].push(each);
			hear(way, each);
		};
		await drive(lab, [...places, way, String(round + index)], selection, listen);
	}

	return seen.channel.map(channel => {
		const netfront = seen.netfront.find(each => each.case === channel.case);
		if (!netfront) {
			throw new Error(`${channel.case} has not run over netfront`);
		}

		return compare({channel, netfront});
	});
}

async function turnTo(lab: Lab, way: Way): Promise<void> {
	if (way === 'netfront') {
		await channelDown(lab);

		return;
	}
	await release(lab.a, 'b');
	await channelUp(lab);
}

async function drive(
	{dom0}: Lab,
	args: readonly string[],
	selection: Selection,
	hear: (seen: Sighting) => void,
): Promise<void> {
	let rest = '';
	const driver = dom0.spawn(`exec python3 ${folder}/drive.py ${args.join(' ')}`, {
		input: selection.join('\n'),
		stdout: chunk => {
			const lines = (rest + chunk.toString()).split('\n');
			rest = lines.pop() ?? '';
			lines.forEach(line => hear(parseSighting(line)));
		},
	});
	const {status, stderr} = await driver.done;
	if (status !== 0) {
		throw new Error(`the driver of the cases ended with ${status}:\n${stderr}`);
	}
}
