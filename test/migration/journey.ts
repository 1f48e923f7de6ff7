// SPDX-License-Identifier: MIT
import {allowAdapting, channelBetween, start} from '../lab/channel.ts';
import {findSplats} from '../lab/checks.ts';
import {Exchange, type Exchanged} from '../lab/exchange.ts';
import type {Guest} from '../lab/guest.ts';
import type {TwoHosts} from '../lab/two-hosts.ts';

/** From and to: uptimes of guest a, in ms. */
export type Span = {readonly from: number; readonly to: number};

/** Guest b comes to a's host and leaves it, while a asks it without a pause. */
export type Journey = Exchanged & {
	readonly apart: Span;
	readonly arrival: Span;
	/** When the channel was live, if there was to be one. */
	readonly live?: number;
	readonly together: Span;
	readonly departure: Span;
	readonly apartAgain: Span;
};

/** How long guests stay where they are, in seconds of theirs. */
const staySeconds = 10;

/** With Coloop in both guests and in both hosts' dom0, or with none. */
export async function travel(hosts: TwoHosts, withColoop: boolean): Promise<Journey> {
	const {a} = hosts;
	if (withColoop) {
		await load(hosts);
	}
	const exchange = await Exchange.start(a, hosts.b);
	const apart = await stay(a);
	const arrival = await during(a, () => hosts.moveB());
	const live = withColoop ? await isUp(hosts) : {};
	const together = await stay(a);
	const departure = await during(a, () => hosts.moveB());
	const apartAgain = await stay(a);
	const exchanged = await exchange.stop(hosts.b);
	for (const lab of [hosts.one, hosts.two]) {
		const splats = await findSplats(lab);
		if (splats.length > 0) {
			throw new Error(splats.map(({where, text}) => `${where}: ${text}`).join('\n'));
		}
	}

	return {...exchanged, apart, arrival, ...live, together, departure, apartAgain};
}

async function load(hosts: TwoHosts): Promise<void> {
	await start(hosts.one.dom0, allowAdapting);
	await start(hosts.two.dom0, allowAdapting);
	await start(hosts.a);
	await start(hosts.b);
}

async function isUp(hosts: TwoHosts): Promise<{live: number}> {
	await channelBetween(hosts.a, hosts.b);

	return {live: await uptime(hosts.a)};
}

function stay(a: Guest): Promise<Span> {
	return during(a, () => a.run(`sleep ${staySeconds}`, {timeout: 1_200_000}));
}

async function during(a: Guest, act: () => Promise<unknown>): Promise<Span> {
	const from = await uptime(a);
	await act();

	return {from, to: await uptime(a)};
}

async function uptime(machine: Guest): Promise<number> {
	const {stdout} = await machine.run('cat /proc/uptime', {silent: true});

	return Math.round(Number(stdout.split(' ')[0]) * 1000);
}
