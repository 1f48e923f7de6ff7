// SPDX-License-Identifier: MIT
//
// Counts, not seconds. CYCLES, LOADS, DESTROYS and SAVES say how many; MINUTES is the most that each
// of the last three may take.
import test from 'ava';
import {
	gaveAllBack,
	isLive,
	load,
	patient,
	peer,
	start,
	status,
	takeBack,
	type Body,
} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import type {Lab} from '../lab.ts';
import {Link} from '../link.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';
import {answers, holdsNothing} from './_bout.ts';
import {compared, count, leaks, memoryOf, repeat} from './_count.ts';

const minutes = count('MINUTES', 10);

/** Modules in a and b, and no daemon. */
function withDrives(body: (given: Parameters<Body>[1], a: Drive, b: Drive) => Promise<void>): Body {
	return async (_t, given) => {
		const {lab} = given;
		for (const machine of [lab.a, lab.b]) {
			await load(machine);
		}
		const [a, b] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
		await answers(lab.a, 'b');
		await body(given, a, b);
		await Promise.all([a.stop(), b.stop()]);
	};
}

test('channels come and go, and nothing stays', withLab, (t, given) =>
	withDrives(async ({claim}, a, b) => {
		const cycles = count('CYCLES', 1000);
		// What is allocated once and for all, and Node's own growth.
		await a.cycle(b, 50, 1);
		const before = [await memoryOf(a.machine), await memoryOf(b.machine)];
		let packets = 0;
		for (let done = 0; done < cycles; done += 50) {
			const part = Math.min(50, cycles - done);
			packets += (await a.cycle(b, part, 100 + done)).packets;
			for (const end of [a, b]) {
				await holdsNothing(end);
			}
			t.pass();
		}
		for (const [at, end] of [a, b].entries()) {
			const [was, is] = [before[at], await memoryOf(end.machine)];
			if (!was) {
				throw new Error('no figure from before');
			}
			t.log(compared(end.machine.name, was, is));
			t.deepEqual(leaks(was, is), []);
		}
		t.log(`${cycles} channels made and ended, ${packets} packets took them`);
		t.true(packets >= cycles);
		claim('connect-cycles', `${cycles} cycles, 0 grants, ports, maps, pages left`);
	})(t, given),
);

test('the module comes and goes under traffic', withLab, (t, given) =>
	withDrives(async ({claim}, a, b) => {
		const loads = count('LOADS', 200);
		const link = new Link(a, b, {order: 5});
		const traffic = await Traffic.start(a.machine, b.machine);
		const before = await memoryOf(a.machine);
		const done = await repeat(t, loads, minutes, async time => {
			await link.connect();
			const end = time % 2 === 0 ? a : b;
			await end.machine.run('rmmod coloop && insmod /opt/coloop/coloop.ko dyndbg=+p', {
				silent: true,
			});
			if (time % 20 === 19) {
				await traffic.flows();
			}
		});
		await traffic.flows();
		await traffic.stop();
		await link.begin();
		for (const end of [a, b]) {
			await holdsNothing(end);
		}
		t.log(compared('a', before, await memoryOf(a.machine)));
		t.log(`${done} loads and unloads, one TCP connection and UDP went on`);
		t.true(done >= Math.min(loads, 50));
		claim('load-cycles', `${done} loads and unloads, no TCP connection lost`);
	})(t, given),
);

const allowThird = "version: 1\npairs:\n  - allow: [a, c]\naccept:\n  - allow: '*'\n";

/** Daemons in dom0 and a; c is saved once, ready, and brought back as often as one likes. */
function withSaved(body: (given: Parameters<Body>[1], saved: string) => Promise<void>): Body {
	return async (_t, given) => {
		const {lab, dom0, a} = given;
		const saved = '/var/tmp/c';
		await Promise.all([start(dom0, allowThird), start(a)]);
		const c = await lab.create('c', {memoryMiB: 320});
		await start(c);
		await channelUp(lab);
		await dom0.run(`xl save c ${saved}`, patient);
		await body(given, saved);
		await takeBack(lab);
	};
}

async function channelUp({a}: Lab): Promise<void> {
	await until(
		'a and c have a channel',
		async () => {
			await a.run('ping -c 1 -W 1 c', {fails: 'maybe', silent: true});

			return isLive(a, 'c');
		},
		{...patient, every: 300},
	);
}

/** Datagrams as fast as they are answered; so many have gone at the very least. */
async function underLoad(a: Guest, act: () => Promise<unknown>): Promise<void> {
	const flood = a.spawn('exec ping -q -f -s 1400 c', {silent: true});
	const sent = async () => (await peer(a, 'c'))?.tx_packets ?? 0;
	await until('the flood takes the channel', async () => (await sent()) > 200);
	await act();
	await flood.stop('SIGINT');
}

async function isGone(a: Guest): Promise<void> {
	await until('a has no peer c', async () => (await peer(a, 'c')) === undefined, patient);
	await gaveAllBack(a);
}

test('guests are destroyed under load', withLab, (t, given) =>
	withSaved(async ({lab, dom0, a, claim}, saved) => {
		const destroys = count('DESTROYS', 100);
		const before = await memoryOf(a);
		const done = await repeat(t, destroys, minutes, async () => {
			await dom0.run(`xl restore ${saved}`, {...patient, silent: true});
			await channelUp(lab);
			await underLoad(a, () => dom0.run('xl destroy c', {...patient, silent: true}));
			await isGone(a);
		});
		const after = await memoryOf(a);
		t.log(compared('a', before, after));
		t.log(`${done} of ${destroys} guests destroyed under load`);
		t.deepEqual(leaks(before, after), []);
		t.is((await status(a)).problems.length, 0);
		t.true(done >= Math.min(destroys, 10));
		claim('destroy-cycles', `${done} guests destroyed under load, nothing left`);
	})(t, given),
);

test('a guest is saved and restored under load', withLab, (t, given) =>
	withSaved(async ({lab, dom0, a, claim}, saved) => {
		const saves = count('SAVES', 50);
		await dom0.run(`xl restore ${saved}`, patient);
		await channelUp(lab);
		const before = await memoryOf(a);
		const done = await repeat(t, saves, minutes, async () => {
			await channelUp(lab);
			await underLoad(a, () => dom0.run(`xl save c ${saved}`, {...patient, silent: true}));
			await isGone(a);
			await dom0.run(`xl restore ${saved}`, {...patient, silent: true});
		});
		await channelUp(lab);
		const after = await memoryOf(a);
		t.log(compared('a', before, after));
		t.log(`${done} of ${saves} saves and restores under load`);
		t.deepEqual(leaks(before, after), []);
		t.true(done >= Math.min(saves, 10));
		await dom0.run('xl destroy c', patient);
		await isGone(a);
		claim('save-cycles', `${done} saves and restores under load, nothing left`);
	})(t, given),
);
