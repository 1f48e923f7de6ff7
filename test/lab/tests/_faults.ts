// SPDX-License-Identifier: MIT
import type {ExecutionContext} from 'ava';
import {
	allowPair,
	channelUp,
	gaveAllBack,
	isDiverted,
	isLive,
	killDaemon,
	load,
	pair,
	patient,
	peer,
	startDaemon,
	status,
	writePolicy,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import type {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import type {Given} from '../with-lab.ts';

/** One thing that goes wrong under traffic, and what is seen of it; the end is as the beginning was. */
export type Fault = (t: ExecutionContext, given: Given, traffic: Traffic) => Promise<void>;

export const daemons: Fault = async (t, given, traffic) => {
	const {dom0, a, b} = given;
	const epoch = (await peer(a, 'b'))?.epoch;
	for (const machine of [dom0, a, b]) {
		await killDaemon(machine);
		await isDiverted(a);
		await traffic.flows();
		await startDaemon(machine);
	}
	await Promise.all([dom0, a, b].map(killDaemon));
	await isDiverted(a);
	for (const machine of [dom0, a, b]) {
		await startDaemon(machine);
	}
	await until('all agree that it is live', async () => {
		const seen = [await isLive(a, 'b'), await isLive(b, 'a')];

		return seen.every(Boolean) && (await pair(given.lab))?.state === 'live';
	});
	// It is the same channel.
	t.is((await peer(a, 'b'))?.epoch, epoch);
};

export const reload: Fault = async (_t, {lab, a, b}, traffic) => {
	for (const [own, other, name] of [
		[a, b, 'a'],
		[b, a, 'b'],
	] as const) {
		await own.run('rmmod coloop');
		await traffic.flows();
		await until('the other end knows', async () => !(await isLive(other, name)));
		await until('its daemon knows', async () => (await status(own)).module_loaded === false);
		await load(own);
		await channelUp(lab);
	}
};

// Its clock runs on while a guest is paused: one that was busy finds on waking that its processor
// was stuck for longer than Linux allows (20 s, RCU 21 s), and says so.
async function setWatchdogs(guest: Guest, to: 'on' | 'off'): Promise<void> {
	const [watch, suppress] = to === 'on' ? [1, 0] : [0, 1];
	await guest.run(`echo ${watch} >/proc/sys/kernel/watchdog
		echo ${suppress} >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress`);
}

export const pause: Fault = async (_t, {dom0, a, b}, traffic) => {
	await setWatchdogs(b, 'off');
	await dom0.run('xl pause b');
	await until('a gives the channel up', async () => !(await isLive(a, 'b')), patient);
	// The length of the pause is the fault: nothing is waited for.
	await dom0.run('sleep 30; xl unpause b', patient);
	await traffic.flows();
	await setWatchdogs(b, 'on');
};

export const save: Fault = async (_t, {lab, dom0, a}, traffic) => {
	await dom0.run('xl save b /var/tmp/b', patient);
	await until('a has no peer b', async () => (await peer(a, 'b')) === undefined, patient);
	await gaveAllBack(a);
	await dom0.run('xl restore /var/tmp/b && rm /var/tmp/b', patient);
	await lab.answers('b');
	await traffic.flows();
	await channelUp(lab);
};

export const policy: Fault = async (t, {lab, dom0, a, b}, traffic) => {
	await writePolicy(dom0, `${allowPair}broken: [\n`);
	await dom0.run('coloop policy reload', {fails: true, timeout: 600_000});
	t.true((await status(dom0)).policy_errors.length > 0);
	t.true(await isLive(a, 'b'));

	for (const policy of ['pairs: []\n', 'pairs:\n  - deny: [a, b]\n  - allow: [a, b]\n']) {
		await writePolicy(dom0, `version: 1\n${policy}`);
		await until('the pair is refused', async () => (await pair(lab))?.code === 'policy');
		await until('a has no channel', async () => !(await isLive(a, 'b')));
		await until('b has no channel', async () => !(await isLive(b, 'a')));
		await traffic.flows();
		await writePolicy(dom0, allowPair);
		await channelUp(lab);
	}
	t.is((await status(dom0)).policy_errors.length, 0);

	await writePolicy(b, 'version: 1\naccept:\n  - deny: a\n');
	await until('a has no channel', async () => !(await isLive(a, 'b')));
	await traffic.flows();
	await writePolicy(b, "version: 1\naccept:\n  - allow: '*'\n");
};

export const interfaces: Fault = async (_t, {a, b}, traffic) => {
	for (const machine of [a, b]) {
		await machine.run('ip link set eth0 down; ip link set eth0 up');
		await traffic.flows();
	}
};

export const garbage: Fault = async (t, {dom0, a, b}, traffic) => {
	const garbage = [
		'',
		'-1',
		'1 1 1 1 1 1 1',
		'9'.repeat(400),
		'x'.repeat(1500),
		'4294967296 live 1 8 99999',
	];
	for (const value of garbage) {
		await b.run(`for node in hello offers/1 offers/0 offers/99999 offers/x offers x/y; do
			xenstore-write -- data/coloop/$node '${value}'
		done`);
	}
	await traffic.flows();
	t.like(await status(dom0), {problems: []});
	t.like(await status(a), {problems: []});
	// A fresh look repairs what is b's own.
	await b.run('xenstore-rm data/coloop');
	await killDaemon(b);
	await startDaemon(b);
};
