// SPDX-License-Identifier: MIT
import test from 'ava';
import {createGrowth} from '../../../userland/control/growth.ts';

test('counters that are told every 30 s make a steady rate, whenever we begin to look', t => {
	for (let begin = 0; begin < 60; begin += 7) {
		const growth = createGrowth<{sent: number}>();
		for (let now = begin; now <= 300; now += 2) {
			const told = Math.floor(now / 30) * 30;
			const rate = growth.of('a', {sent: told * 1000}, now, 30)?.sent;
			if (now >= begin + 32) {
				t.true(rate !== undefined && rate > 900 && rate < 1100, `${begin} ${now}: ${rate}`);
			}
			t.true(rate === undefined || rate < 1100, `${begin} ${now}: ${rate}`);
		}
	}
});

test('a stream that ends is none once it is late, and one that begins again is no burst', t => {
	const growth = createGrowth<{sent: number}>();
	const looks = [0, 10, 40, 74, 75, 76, 77].map(now => {
		const sent = {0: 0, 10: 30_000, 40: 60_000, 77: 90_000}[now] ?? 60_000;

		return growth.of('a', {sent}, now, 30)?.sent;
	});
	t.deepEqual(looks, [undefined, 1000, 1000, 1000, 0, 0, 1000]);
});

test('counters that are read for each look make a rate of the time between two', t => {
	const growth = createGrowth<{sent: number; received: number}>();
	const of = (sent: number, now: number) => growth.of('a', {sent, received: 0}, now, 0);
	t.is(of(5000, 1), undefined);
	t.deepEqual(of(6000, 2), {sent: 1000, received: 0});
	t.deepEqual(of(6000, 4), {sent: 0, received: 0});
	t.deepEqual(of(10, 5), {sent: 10, received: 0}, 'a channel that begins anew');
	t.deepEqual(of(9000, 5), {sent: 10, received: 0}, 'no time has passed');
	t.deepEqual(of(9000, 4), {sent: 10, received: 0}, 'nor has less');
});

test('what one counts does not mix with what another does, and what is gone is forgotten', t => {
	const growth = createGrowth<{sent: number}>();
	growth.of('a', {sent: 0}, 1, 0);
	growth.of('b', {sent: 0}, 1, 0);
	t.is(growth.of('b', {sent: 50}, 2, 0)?.sent, 50);
	t.is(growth.of('a', {sent: 0}, 2, 0)?.sent, 0);
	growth.of('b', {sent: 50}, 9, 0);
	growth.forget(5);
	t.is(growth.of('a', {sent: 100}, 10, 0), undefined);
	t.is(growth.of('b', {sent: 100}, 10, 0)?.sent, 50);
});
