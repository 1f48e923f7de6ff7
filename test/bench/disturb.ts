// SPDX-License-Identifier: MIT
import {channelStates} from '../../userland/kernel/constants.ts';
import {patient} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import {until} from '../lab/until.ts';
import {waysOf} from './measure.ts';
import {unexpected} from './parse.ts';
import {ask, type Stage} from './stage.ts';

/** What happened to a client's traffic while its channel went and came back, or did not. */
export type Disturbed = {
	readonly stdout: string;
	/** Segments that TCP sent again, and times that it waited for nothing. */
	readonly retransmits: number;
	readonly timeouts: number;
	/** Datagrams that found the server's socket full. */
	readonly overflowed: number;
	/** How long the channel took to go: everything in its rings was delivered meanwhile. */
	readonly unplugMs: number | undefined;
};

const counters = 'nstat -asz TcpRetransSegs TcpExtTCPTimeouts UdpRcvbufErrors';

/** Runs a client in a over the channel, and takes that away and gives it back meanwhile. */
export async function disturb(stage: Stage, program: string, doIt: boolean): Promise<Disturbed> {
	const {client} = stage;
	const server = stage.lab.b;
	await stage.open();
	const [before, there] = [await look(client), await look(server)];
	await trace(client, 1);
	const running = client.spawn(`exec ${program}`);
	let hasEnded = false;
	void running.done.then(() => (hasEnded = true));
	if (doIt) {
		await downAndUp(stage, () => hasEnded);
	}
	const {status, stdout, stderr} = await running.done;
	if (status !== 0) {
		throw new Error(`${program} ended with status ${status}: ${stderr}${stdout}`);
	}
	const traced = await trace(client, 0);
	const [after, thereNow] = [await look(client), await look(server)];

	return {
		stdout,
		retransmits: after.retransmits - before.retransmits,
		timeouts: after.timeouts - before.timeouts,
		overflowed: thereNow.overflowed - there.overflowed,
		unplugMs: doIt ? parseUnplug(traced) : undefined,
	};
}

async function downAndUp(stage: Stage, hasEnded: () => boolean): Promise<void> {
	const {client, group} = stage;
	const sent = async () => (await waysOf(client)).channel.sent;
	const start = await sent();
	const grows = (from: number) => async () => (await sent()) > from + 200 || hasEnded();
	await until('the channel has traffic', grows(start), patient);
	const names = [stage.lab.b.name];
	await ask(client, {op: 'down', names});
	await until('no channel is left', async () => !(await stage.isLive()), patient);
	const down = await sent();
	await ask(client, {op: 'up', names});
	await until(`packets to ${group.server} take the channel again`, grows(down), patient);
	if (hasEnded()) {
		throw new Error('traffic ended before the channel was back');
	}
}

async function trace(client: Guest, on: 0 | 1): Promise<string> {
	const {stdout} = await client.run(
		`cd /sys/kernel/tracing && cat trace && echo >trace && echo mono >trace_clock
		echo ${on} >events/coloop/coloop_state/enable`,
	);

	return stdout;
}

/** From the moment that nothing new is diverted until the channel is closed. */
export function parseUnplug(trace: string): number {
	const at = (pattern: string) =>
		Number(new RegExp(` ([\\d.]+): coloop_state: .* ${pattern}`).exec(trace)?.[1]) * 1000;
	const state = (name: (typeof channelStates)[number]) => channelStates.indexOf(name);
	const ms = at(`to=${state('closed')} `) - at(`from=${state('live')} `);
	if (!(ms >= 0)) {
		throw unexpected('a channel that goes in the trace', trace);
	}

	return ms;
}

async function look(machine: Guest) {
	const {stdout} = await machine.run(counters, {silent: true});

	return {
		retransmits: parseCounter(stdout, 'TcpRetransSegs'),
		timeouts: parseCounter(stdout, 'TcpExtTCPTimeouts'),
		overflowed: parseCounter(stdout, 'UdpRcvbufErrors'),
	};
}

export function parseCounter(stdout: string, name: string): number {
	const value = Number(new RegExp(`^${name} +(\\d+) `, 'm').exec(stdout)?.[1]);
	if (!(value >= 0)) {
		throw unexpected(`${name} of nstat`, stdout);
	}

	return value;
}
