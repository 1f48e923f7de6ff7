// SPDX-License-Identifier: MIT
import type {ExecutionContext} from 'ava';
import {
	allowPair,
	channelUp,
	diverted,
	isLive,
	patient,
	peer,
	start,
	startDaemon,
	takeBack,
	writePolicy,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import type {Lab} from '../lab.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import type {Given} from '../with-lab.ts';

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
	const life = await lifeOf(a);
	const flood = a.spawn('exec ping -q -f -s 1400 b');
	const before = await diverted(a);
	await until('the flood is diverted', async () => (await diverted(a)) > before + 100);
	const said = await tell(b, lie);
	await until('a gives the channel up', async () => (await lifeOf(a)) !== life, patient);
	await flood.stop('SIGINT');

	return said;
}

/** Which channel a has with b. The next may be there two seconds later, sooner than anybody looks. */
async function lifeOf(a: Guest): Promise<number | undefined> {
	const now = await peer(a, 'b');

	return now?.state === 'live' ? now.epoch : undefined;
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

/** b's module cannot write a page of a's: a PV guest gets a fault, of a PVH guest's writing nothing comes. */
export const unwritable: Body = async (t, {lab, a, b}) => {
	const grant = await controlGrant(lab);
	t.is(
		await tell(b, `map-writable ${grant}`),
		`Xen says -1 to mapping grant ${grant} for writing`,
	);
	const said = lab.flavour.type === 'pv' ? -14 : 0;
	t.is(await tell(b, 'write-peer'), `writing says ${said}, and the byte is as it was`);
	await a.run('ping -c 3 -i 0.2 b');
	t.true(await isLive(a, 'b'));
};

export type UnderTraffic = (t: ExecutionContext, given: Given, traffic: Traffic) => Promise<void>;

export function underTraffic(...bodies: readonly UnderTraffic[]): Body {
	return async (t, given) => {
		const traffic = await Traffic.start(given.a, given.b);
		for (const body of bodies) {
			await body(t, given, traffic);
		}
		await traffic.stop();
	};
}

/** Under traffic, a breaks the channel for the reason that is given with each lie; the next one is good. */
export function findsOut(
	lies: ReadonlyArray<readonly [lie: string, reason: string]>,
): UnderTraffic {
	return async (t, {lab, a}, traffic) => {
		for (const [at, [lie, reason]] of lies.entries()) {
			t.log(`${await tellUnderFlood(lab, lie)}: ${reason}`);
			await until('a is done with b', async () => (await breaks(a)).length > at, patient);
			t.is((await breaks(a))[at], reason);
			await traffic.flows();
			await askAgain(a);
			await channelUp(lab);
		}
	};
}
