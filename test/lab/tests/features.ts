// SPDX-License-Identifier: MIT
import test from 'ava';
import {hold, isDiverted, release, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {Counter, Numbers, trains} from '../numbered.ts';
import {labWith} from '../with-lab.ts';
import {tell, withLiar} from './_liar.ts';

const slow = {timeout: 600_000};
const largeDatagrams = 1;

/** The next channel of a and b, of which b takes no records but such. */
async function again(a: Guest, b: Guest, features: number): Promise<void> {
	await hold(a, 'b');
	await tell(b, `next features ${features}`);
	await release(a, 'b');
	await Promise.all([a.run('ping -q -c 40 -i 0.2 b', slow), isDiverted(a)]);
}

/** What a peer takes in pieces alone crosses in pieces, all of it, in order. */
const older: Body = async (t, {a, b}) => {
	const whole = await trains(a, b);
	await again(a, b, largeDatagrams);
	const cut = await trains(a, b);
	t.log(`${whole.records} records, and ${cut.records}`);
	t.like(whole, {lost: 0, late: 0});
	t.like(cut, {lost: 0, late: 0});
	t.deepEqual([whole.records, cut.records].map(Math.round), [2, 11]);

	await again(a, b, 0);
	const counter = await Counter.start(b);
	const numbers = new Numbers(a, 'b', 5, 4000);
	await isDiverted(a);
	const sent = await numbers.stop();
	await a.run('ping -q -c 5 -i 0.2 -W 5 b', slow);
	t.deepEqual(await counter.stop(), {received: sent, doubled: 0, late: 0});
};

test(
	'a peer that takes neither segments nor large datagrams',
	labWith({mode: 'icount'}),
	withLiar(older),
);
