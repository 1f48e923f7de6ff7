// SPDX-License-Identifier: MIT
import {
	allowPair,
	channelUp,
	diverted,
	isLive,
	patient,
	start,
	startDaemon,
	takeBack,
	writePolicy,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import type {Lab} from '../lab.ts';
import {until} from '../until.ts';

/** A test with a live channel between a and b, whose module lies when told (test/evil). */
export function withLiar(body: Body): Body {
	return async (t, given) => {
		const {lab, dom0, a, b} = given;
		await Promise.all([start(dom0, allowPair), start(a), startLiar(b)]);
		await channelUp(lab);
		await body(t, given);
		await takeBack(lab);
	};
}

async function startLiar(machine: Guest): Promise<void> {
	await writePolicy(machine, allowPair);
	await machine.run('insmod /opt/coloop/evil.ko dyndbg=+p');
	await startDaemon(machine);
}

/** Has b's module do evil; what it says of it. */
export async function tell(b: Guest, command: string): Promise<string> {
	const file = '/sys/kernel/debug/coloop-evil/do';
	const {stdout} = await b.run(`echo '${command}' >${file} && cat ${file}`, {timeout: 600_000});
	return stdout.trim();
}

/** The grant of a's control page, as b was told. */
export async function controlGrant({dom0}: Lab): Promise<string> {
	const node = '/local/domain/$(xl domid b)/coloop/offers/$(xl domid a)';
	return (await dom0.run(`xenstore-read ${node} | cut -d ' ' -f 4`)).stdout.trim();
}

/** Among many datagrams, so that the liar's index is looked at. */
export async function tellUnderFlood({a, b}: Lab, lie: string): Promise<string> {
	const flood = a.spawn('exec ping -q -f -s 1400 b');
	const before = await diverted(a);
	await until('the flood is diverted', async () => (await diverted(a)) > before + 100);
	const said = await tell(b, lie);
	await until('a gives the channel up', async () => !(await isLive(a, 'b')), patient);
	await flood.stop('SIGINT');
	return said;
}

/** For what reasons a found its channel broken, in their order. */
export async function breaks(a: Guest): Promise<string[]> {
	const {stdout} = await a.run('cat /var/log/coloopd.log', {silent: true});
	return [...stdout.matchAll(/"channel\.broken".*"reason":"([\w-]+)"/g)].map(
		([, reason = '']) => reason,
	);
}

/** What `coloop up b` does: a liar is shunned for ever longer, unless a person says otherwise. */
export async function askAgain(a: Guest): Promise<void> {
	await ask(a, 'up');
}

export async function takeDown(a: Guest): Promise<void> {
	await ask(a, 'down');
}

async function ask(a: Guest, op: 'up' | 'down'): Promise<void> {
	await a.run(`echo '{"op":"${op}","names":["b"]}' | nc -U -w 30 /run/coloop/coloopd.sock`);
}

/** Why a could not attach to what b offered, in their order. */
export async function refusals(a: Guest): Promise<string[]> {
	const {stdout} = await a.run('cat /var/log/coloopd.log', {silent: true});
	return stdout.split('\n').filter(line => line.includes('"step":"attach"'));
}
