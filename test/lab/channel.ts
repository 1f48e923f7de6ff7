// SPDX-License-Identifier: MIT
import type {ExecutionContext} from 'ava';
import {
	parseAnswer,
	type Answer,
	type PairStatus,
	type PeerStatus,
	type Request,
	type Status,
} from '../../userland/control/protocol.ts';
import {defaultRingPages} from '../../userland/policy/pages.ts';
import type {Guest} from './guest.ts';
import type {Lab} from './lab.ts';
import {until} from './until.ts';
import type {Given} from './with-lab.ts';

/** dom0's policy for one test: a and b may share a channel, whose rings adapt. */
export const allowAdapting = "version: 1\npairs:\n  - allow: [a, b]\naccept:\n  - allow: '*'\n";

/** dom0's policy for others: rings keep their size, so that what is held can be compared. */
export function allowFixed(one: string, other: string): string {
	const pair = `  - allow: [${one}, ${other}]\n    ring_pages_min: ${defaultRingPages}\n`;

	return `version: 1\npairs:\n${pair}accept:\n  - allow: '*'\n`;
}

export const allowPair = allowFixed('a', 'b');

export const acceptAll = "version: 1\naccept:\n  - allow: '*'\n";
const policyFile = '/etc/coloop/policy.d/10-test.yaml';

/** Emulated programs start slowly, and slower beside others. */
export const patient = {timeout: 600_000, every: 2000};

export type Body = (t: ExecutionContext, given: Given) => Promise<void>;

/** A test that begins with a live channel between a and b, and ends without Coloop. */
export function withChannel(body: Body, policy: string = allowPair): Body {
	return withColoop(policy, async (t, given) => {
		await channelUp(given.lab);
		await body(t, given);
	});
}

/** A test with module and daemons in dom0, a and b. */
export function withColoop(policy: string, body: Body): Body {
	return (t, given) => withColoopIn(given.lab, policy, () => body(t, given));
}

/** The same without a test around it. */
export async function withColoopIn<T>(
	lab: Lab,
	policy: string,
	body: () => Promise<T>,
): Promise<T> {
	const {dom0, a, b} = lab;
	// One after the other: three at once take emulation several times as long.
	await start(dom0, policy);
	for (const guest of [a, b]) {
		await start(guest);
	}
	const result = await body();
	await takeBack(lab);

	return result;
}

/** Steps that share the setup, which costs most of the time; a step that fails is the last. */
export function inTurn(steps: Readonly<Record<string, Body>>): Body {
	return async (t, given) => {
		for (const [name, body] of Object.entries(steps)) {
			await step(t, name, body(t, given));
		}
	};
}

/** Says how long a step took, or that it is the one that failed. */
export async function step(t: ExecutionContext, name: string, body: Promise<void>): Promise<void> {
	const from = Date.now();
	let outcome = 'failed after';
	try {
		await body;
		outcome = 'took';
	} finally {
		t.log(`${name}: ${outcome} ${((Date.now() - from) / 1000).toFixed(0)} s`);
	}
}

/** Module and daemon in one machine, with a policy. */
export async function start(machine: Guest, policy: string = acceptAll): Promise<void> {
	await writePolicy(machine, policy);
	await load(machine);
	await startDaemon(machine);
}

export async function load(machine: Guest): Promise<void> {
	await machine.run('insmod /opt/coloop/coloop.ko dyndbg=+p');
}

/** Resolves when the daemon answers. Waits in the machine: asking again and again costs more. */
export async function startDaemon(machine: Guest): Promise<void> {
	await machine.run(
		`mkdir -p /run/coloop; rm -f /run/coloop/coloopd.sock
		setsid coloopd </dev/null >>/var/log/coloopd.log 2>&1 & echo $! >/run/coloop/pid
		until [ -S /run/coloop/coloopd.sock ]; do
			kill -0 $! || { tail /var/log/coloopd.log >&2; exit 1; }
			busybox usleep 500000
		done`,
		patient,
	);
}

export async function killDaemon(machine: Guest): Promise<void> {
	await machine.run('kill -9 $(cat /run/coloop/pid)');
}

/** Replaces the policy as one should: the daemon never reads half a file. */
export async function writePolicy(machine: Guest, policy: string): Promise<void> {
	await machine.push(`${policyFile}.new`, policy);
	await machine.run(`mv ${policyFile}.new ${policyFile}`);
}

/** Packets until a and b say that they are live. */
export async function channelUp({a, b}: Lab): Promise<void> {
	await channelBetween(a, b);
}

/** The same of any two machines. */
export async function channelBetween(from: Guest, to: Guest): Promise<void> {
	await until(
		`${from.name} and ${to.name} have a channel`,
		async () => {
			await from.run(`ping -c 1 -W 1 ${to.name}`, {fails: 'maybe', silent: true});

			return (await isLive(from, domainName(to))) && (await isLive(to, domainName(from)));
		},
		patient,
	);
}

function domainName({name}: Guest): string {
	return name === 'dom0' ? 'Domain-0' : name;
}

/** What `coloop -j` prints, without the seconds that an emulated Node takes to start. */
export async function status(machine: Guest): Promise<Status> {
	const answer = await ask(machine, {op: 'status'});
	if (!answer.status) {
		throw new Error(`${machine.name}: no status`);
	}

	return answer.status;
}

/** The channel to `name` down and up as by `coloop down` and `coloop up`, as fast. */
export async function hold(machine: Guest, name: string): Promise<void> {
	await ask(machine, {op: 'down', names: [name]});
}

export async function release(machine: Guest, name: string): Promise<void> {
	await ask(machine, {op: 'up', names: [name]});
}

/** Resolves when a and b have no channel, until somebody says otherwise. */
export async function channelDown({a, b}: Pick<Lab, 'a' | 'b'>): Promise<void> {
	await hold(a, 'b');
	await until('there is no channel', async () => !(await isLive(b, 'a')), patient);
}

async function ask(machine: Guest, request: Request): Promise<Answer & {ok: true}> {
	const {stdout} = await machine.run('nc -U -w 30 /run/coloop/coloopd.sock', {
		input: `${JSON.stringify(request)}\n`,
		silent: true,
	});
	const answer = parseAnswer(stdout);
	if (!answer.ok) {
		throw new Error(`${machine.name}: ${JSON.stringify(request)}: ${stdout}`);
	}

	return answer;
}

export async function peer(machine: Guest, name: string): Promise<PeerStatus | undefined> {
	return (await status(machine)).peers.find(each => each.peer === name);
}

export async function isLive(machine: Guest, name: string): Promise<boolean> {
	return (await peer(machine, name))?.state === 'live';
}

/** The pair of a and b as dom0 sees it. */
export async function pair({dom0}: Lab): Promise<PairStatus | undefined> {
	return (await status(dom0)).pairs?.find(({a, b}) => `${a.name}${b.name}` === 'ab');
}

/** What the modules of some machines hold: grants, maps, ports and so on. */
export async function holdings(...machines: readonly Guest[]): Promise<Status['module'][]> {
	return Promise.all(machines.map(async machine => (await status(machine)).module));
}

/** Waits until a module holds nothing of any channel, nor waits for what a peer still has. */
export async function gaveAllBack(machine: Guest): Promise<void> {
	await until('its pages and ports are back', async () => {
		const [held] = await holdings(machine);

		return held?.grants === 0 && held.maps === 0 && held.ports === 0 && held.deferred === 0;
	});
}

/** How many packets have gone into the channels of a machine. */
export async function diverted(machine: Guest): Promise<number> {
	const counter = '/sys/class/net/coloop0/statistics/tx_packets';

	return Number((await machine.run(`cat ${counter}`, {silent: true})).stdout);
}

/** Waits until packets that somebody sends take a channel. */
export async function isDiverted(machine: Guest): Promise<void> {
	const before = await diverted(machine);
	await until(
		'traffic is diverted',
		async () => (await diverted(machine)) > before + 20,
		patient,
	);
}

/** What an administrator does before the package goes: daemons end, and take everything back. */
export async function takeBack({dom0, a, b}: Pick<Lab, 'dom0' | 'a' | 'b'>): Promise<void> {
	const machines = [a, b, dom0];
	const stop = `kill $(cat /run/coloop/pid); tail -f --pid=$(cat /run/coloop/pid) /dev/null`;

	await Promise.all(machines.map(each => each.run(stop, {fails: 'maybe'})));
	for (const each of machines) {
		await each.run('coloopd --withdraw', patient);
	}
}
