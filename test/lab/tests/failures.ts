// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {
	allowPair,
	channelUp,
	holdings,
	inTurn,
	patient,
	peer,
	start,
	takeBack,
	type Body,
} from '../channel.ts';
import {watches} from '../images.ts';
import type {Order, Outcome} from '../inside/order.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';
import {Exhauster, exhaustCommand, refusals, refuseSome, watchAllocations} from './_fail-nth.ts';

// kmod's: busybox's tries once more, by the older call, what was refused.
const insmod = 'insmod /opt/coloop/coloop.ko dyndbg=+p';
const noMemory = new Set(['ENOMEM', 'ENOBUFS', 'EMSGSIZE']);
/** One after the other, by all steps. */
let failed = 0;

const loading: Body = async (t, {a}) => {
	const load = await exhaustCommand(a, insmod, 'rmmod coloop');
	t.log(`load: ${load.refused} refused, ${load.tolerated} done without`);
	t.true(load.refused > 0);
	// Whoever takes back needs no memory to do so.
	const unload = await exhaustCommand(a, 'rmmod coloop', insmod);
	t.log(`unload: ${unload.refused} refused, ${unload.tolerated} done without`);
	t.is(unload.refused, 0);
	failed += load.refused + load.tolerated + unload.tolerated;
};

function judge(t: ExecutionContext, where: string, step: Order['step'], outcome: Outcome): void {
	const {refused, tolerated} = outcome;
	t.log(`${where}, ${step}: ${refused.length} refused, ${tolerated} done without`);
	failed += refused.length + tolerated;
	t.deepEqual(
		refused.filter(({error}) => !noMemory.has(error)),
		[],
	);
	t.deepEqual(
		refused.filter(({left}) => left !== undefined),
		[],
	);
}

const requests: Body = async (t, {lab, a, b}) => {
	for (const each of [a, b]) {
		await each.run(insmod);
	}
	const [ofA, ofB] = [await Exhauster.start(lab, a, b), await Exhauster.start(lab, b, a)];
	const both = [
		['a', ofA],
		['b', ofB],
	] as const;
	const try_ = async (where: 'a' | 'b', step: Order['step'], offer?: Outcome['offer']) => {
		const outcome = await (where === 'a' ? ofA : ofB).exhaust(step, offer);
		judge(t, where, step, outcome);

		return outcome;
	};

	for (const [name] of both) {
		for (const step of ['peer-new', 'peer-set', 'read'] as const) {
			await try_(name, step);
		}
	}
	// One side allocates the event channel, the other one connects to it.
	for (const [name, other] of [
		['a', 'b'],
		['b', 'a'],
	] as const) {
		const {offer} = await try_(other, 'offer');
		const made = await try_(name, 'offer');
		t.true(made.refused.length > 0);
		const attached = await try_(name, 'attach', offer);
		t.true(attached.refused.length > 0);
		for (const each of [name, other]) {
			await try_(each, 'close');
		}
	}
	for (const [name, each] of both) {
		t.is((await try_(name, 'peer-del')).refused.length, 0);
		await each.stop();
	}
	for (const each of [a, b]) {
		await each.run('rmmod coloop');
	}
};

const traffic: Body = async (t, {lab, dom0, a, b}) => {
	await start(dom0, allowPair);
	for (const each of [a, b]) {
		await start(each);
	}
	await channelUp(lab);
	const before = await holdings(a, b);
	const flow = await Traffic.start(a, b);

	for (const machine of [a, b]) {
		const from = await refusals(machine);
		await refuseSome(machine, 10);
		await until('100 are refused', async () => (await refusals(machine)) > from + 100, patient);
		await flow.flows();
		await refuseSome(machine, 0);
	}
	await channelUp(lab);
	await flow.flows();
	const dropped = await Promise.all([peer(a, 'b'), peer(b, 'a')]);
	t.log(`dropped for want of memory: ${dropped.map(each => each?.dropped_memory).join(', ')}`);
	await until(
		'both hold what they did',
		async () => JSON.stringify(await holdings(a, b)) === JSON.stringify(before),
		patient,
	);
	await flow.stop();
	await takeBack(lab);
	for (const each of [a, b]) {
		await each.run('rmmod coloop');
	}
};

test('whatever allocation fails, nothing is left half-made', withLab, async (t, given) => {
	if (!watches(given.lab.flavour.stack)) {
		given.skip('the kernel of STACK=debug or debug-pv');
	}
	for (const each of [given.a, given.b]) {
		await watchAllocations(each);
	}
	// The longest last: a load makes hundreds of allocations.
	await inTurn({
		'peers, offers, attaches, closes': requests,
		'packets and works under traffic': traffic,
		'the module is loaded and unloaded': loading,
	})(t, given);
	given.claim('fail-nth', `${failed} allocations failed in turn, nothing left behind`);
});
