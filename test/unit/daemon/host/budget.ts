// SPDX-License-Identifier: MIT
import test from 'ava';
import {costs, createBudget} from '../../../../userland/daemon/host/budget.ts';
import {fakeClock} from '../_clock.ts';

/** How many of such a cost a guest gets at once. */
function burstOf(budget: ReturnType<typeof createBudget>, domid: number, cost: number): number {
	let count = 0;
	while (count < 10_000 && budget.take(domid, cost)) {
		count += 1;
	}

	return count;
}

test('a burst, and then what is added each second', async t => {
	const clock = fakeClock();
	const budget = createBudget(clock, () => 10);

	t.is(burstOf(budget, 1, costs.node), 140);
	await clock.advance(1000);
	t.is(burstOf(budget, 1, costs.node), 20);
	await clock.advance(250);
	t.is(burstOf(budget, 1, costs.node), 5);
	await clock.advance(3_600_000);
	t.is(burstOf(budget, 1, costs.node), 140, 'no more than a burst, however long it was quiet');
});

test('what costs more comes more rarely', async t => {
	const clock = fakeClock();
	const budget = createBudget(clock, () => 0);

	t.is(burstOf(budget, 1, costs.hello), 20);
	await clock.advance(1000);
	t.is(burstOf(budget, 1, costs.vifs), 2);
});

test('an empty bucket is its own guest’s trouble', t => {
	const budget = createBudget(fakeClock(), () => 5);
	burstOf(budget, 1, costs.node);

	t.false(budget.take(1, costs.node));
	t.is(burstOf(budget, 2, costs.node), 120);
	budget.forget(1);
	t.is(burstOf(budget, 1, costs.node), 120, 'another domain of that domid begins anew');
});

test('when it may is when it does', async t => {
	const clock = fakeClock();
	const budget = createBudget(clock, () => 0);
	t.is(budget.dueIn(1, costs.hello), 0);
	burstOf(budget, 1, costs.node);

	for (const cost of [costs.node, costs.hello, costs.vifs]) {
		const wait = budget.dueIn(1, cost);
		t.is(wait, cost * 50);
		await clock.advance(wait - 1);
		t.false(budget.take(1, cost));
		await clock.advance(1);
		t.true(budget.take(1, cost));
	}
});

test('sums of fractions are enough', async t => {
	const clock = fakeClock();
	const budget = createBudget(clock, () => 0);
	burstOf(budget, 1, costs.node);

	for (let step = 0; step < 49; step++) {
		await clock.advance(1);
		t.false(budget.take(1, costs.node));
	}
	await clock.advance(1);
	t.true(budget.take(1, costs.node));
});

test('more domains, more that a guest may have to say', t => {
	let domains = 0;
	const budget = createBudget(fakeClock(), () => domains);
	burstOf(budget, 1, costs.node);
	domains = 1000;

	t.false(budget.take(1, costs.node), 'what there is to have is not had at once');
	t.is(burstOf(budget, 2, costs.node), 4100);
});
