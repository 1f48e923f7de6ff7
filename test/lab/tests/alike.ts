// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelDown,
	channelUp,
	diverted,
	patient,
	release,
	step,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith, type Given} from '../with-lab.ts';
import {cases, slow, type Case} from './_alike.ts';

/** Sets the case up, says what can be seen of it, and takes it away again. */
async function see({a, b}: Given, {onA = '', onB = '', sees, undo}: Case): Promise<string> {
	await b.run(onB, slow);
	await a.run(onA, slow);
	const seen = await sees(a, b);
	for (const each of [a, b]) {
		await each.run(undo, {...slow, fails: 'maybe'});
	}

	return seen;
}

/** Whatever was set up may have ended the channel, or kept it away; now it is there. */
async function live(a: Guest, given: Given): Promise<void> {
	await release(a, 'b');
	await until(
		'the ordinary path is as before',
		async () => (await a.run('ping -c 1 -W 2 b', {fails: 'maybe'})).status === 0,
		patient,
	);
	await channelUp(given.lab);
}

const alike =
	(name: string, each: Case): Body =>
	async (t, given) => {
		const {a, b} = given;
		await channelDown({a, b});
		const over = {netfront: await see(given, each), channel: ''};
		await live(a, given);
		const before = await diverted(a);
		over.channel = await see(given, each);
		const packets = (await diverted(a)) - before;
		t.log(`${name}: ${over.netfront}; ${over.channel}, ${packets} diverted`);
		t.is(over.netfront, each.expected, name);
		t.is(over.channel, each.expected, name);
		t.is(packets > 0, each.diverts, name);
	};

test(
	'rules, programs and devices see the same over netfront and over the channel',
	labWith({mode: 'icount'}),
	withChannel(async (t, given) => {
		for (const [name, each] of Object.entries(cases)) {
			await step(t, name, alike(name, each)(t, given));
			await live(given.a, given);
		}
	}),
);
