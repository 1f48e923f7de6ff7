// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {diverted, load, type Body} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {answers} from './_bout.ts';

/*
 * What a hostile guest can do all the time, beside keeping its own processor busy, and the most that
 * the victim's other channel may lose of its rate to that. What no honest peer sends ends its
 * channel. Good packets without end are traffic like any other: they get the share of one thread.
 * Beside them stands what small datagrams cost of an ordinary program, by the channel and by the
 * ordinary path.
 */
const nuisances = {
	events: {state: 'live', most: 0.1},
	source: {state: 'broken', most: 0.1},
	headers: {state: 'broken', most: 0.1},
	payload: {state: 'broken', most: 0.1},
	answers: {state: 'live', most: 0.6},
} as const;

/**
 * The victim a, its good peer c, and the liar b, on one processor in counted time. A guest that does
 * nothing but compute takes its share of that as well; so that is what an attack is compared with.
 */
const beside: Body = async (t, {lab, a, b, claim}) => {
	const c = await lab.create('c');
	await Promise.all([load(a), load(c), b.run('insmod /opt/coloop/evil.ko')]);
	const [victim, liar, friend] = [
		await Drive.start(lab, a),
		await Drive.start(lab, b),
		await Drive.start(lab, c),
	];
	const good = new Link(victim, friend);
	const bad = new Link(victim, liar);
	await answers(a, 'b');
	await answers(a, 'c');
	await good.connect();
	await c.run('iperf3 --server --daemon');

	const costs = new Costs(t, a, b);
	for (const [nuisance, {state, most}] of Object.entries(nuisances)) {
		await bad.connect();
		let did = '';
		const attacked = async () => {
			const value = await beforeCalm(liar, nuisance, () => rate(a));
			did = value.said;

			return value.result;
		};
		const loss = await costs.of(nuisance, attacked);
		const {state: is, reason} = await victim.channel(liar);
		t.log(`${nuisance} ${did}: ${is}, ${reason}`);
		// Where the victim has not ended it, there was something to end.
		if (state === 'live') {
			t.true(Number.parseInt(did, 10) > 1000, did);
		}
		t.is(is, state);
		t.true(loss < most, nuisance);
		t.is((await victim.channel(friend)).state, 'live');
		await bad.close();
	}
	await a.run('iperf3 --server --daemon -p 5300');
	await costs.of('datagrams by netfront', () => besideDatagrams(b, () => rate(a)));
	await bad.connect();
	await costs.of('datagrams by the channel', () => besideDatagrams(b, () => rate(a)));
	claim('other-channels', `lost ${costs.said.join(', ')}`);
	await Promise.all([good.forget(), bad.forget()]);
	await Promise.all([victim, liar, friend].map(each => each.stop()));
};

/** What each attack costs, as a part of what is left beside a guest that only computes. */
class Costs {
	readonly said: string[] = [];
	readonly #t: ExecutionContext;
	readonly #victim: Guest;
	readonly #liar: Guest;

	constructor(t: ExecutionContext, victim: Guest, liar: Guest) {
		this.#t = t;
		this.#victim = victim;
		this.#liar = liar;
	}

	async of(what: string, attacked: () => Promise<number>): Promise<number> {
		const quiet = await withBusy(this.#liar, () => rate(this.#victim));
		const loud = await attacked();
		const loss = 1 - loud / quiet;
		this.said.push(`${what} ${(100 * loss).toFixed(1)} %`);
		this.#t.log(`${what}: ${loud.toFixed(0)} Mbit/s, ${quiet.toFixed(0)} beside a busy guest`);

		return loss;
	}
}

async function beforeCalm<T>(
	liar: Drive,
	nuisance: string,
	act: () => Promise<T>,
): Promise<{result: T; said: string}> {
	await liar.evil(`flip ${nuisance}`);
	const result = await act();

	return {result, said: await liar.evil('calm')};
}

async function withBusy<T>(busy: Guest, act: () => Promise<T>): Promise<T> {
	const loop = busy.spawn('exec sh -c "while :; do :; done"');
	const value = await act();
	await loop.stop('SIGKILL');

	return value;
}

/** While a program of b sends small ones as fast as it can. */
async function besideDatagrams<T>(b: Guest, act: () => Promise<T>): Promise<T> {
	const flood = b.spawn('exec iperf3 -c a -p 5300 -u -b 0 -l 16 -t 600 -i 1 --forceflush');
	await until('the flood runs', () => flood.stdout().includes('bits/sec'));
	const value = await act();
	await flood.stop('SIGKILL');

	return value;
}

/** Mbit/s of one TCP connection from a to c; through the channel, or it does not count. */
async function rate(a: Guest): Promise<number> {
	const before = await diverted(a);
	const {stdout} = await a.run('iperf3 -c c -t 2 -J', {timeout: 300_000, silent: true});
	await until('it was diverted', async () => (await diverted(a)) > before);

	return parseRate(stdout);
}

function parseRate(text: string): number {
	const report = JSON.parse(text) as {end: {sum_received: {bits_per_second: number}}};

	return report.end.sum_received.bits_per_second / 1e6;
}

test('an attack costs the other channels of its victim little', labWith({mode: 'icount'}), beside);
