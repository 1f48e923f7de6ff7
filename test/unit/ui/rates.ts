// SPDX-License-Identifier: MIT
import test from 'ava';
import {createRates} from '../../../userland/ui/rates.ts';

test('counters that are told every 5 s make a steady rate', t => {
	const rates = createRates();
	let last = {sending: 0, receiving: 0};
	for (let now = 0; now <= 40; now += 2) {
		const told = Math.floor(now / 5) * 5;
		last = rates.of('1 2', {sent: told * 1000, received: 0}, now);
		if (now > 14) {
			t.true(last.sending > 600 && last.sending < 1400, `${now}: ${last.sending}`);
		}
	}
	t.is(last.receiving, 0);
});

test('the first word is no rate, nor is one that begins at 0 again', t => {
	const rates = createRates();
	t.deepEqual(rates.of('1 2', {sent: 5000, received: 5000}, 1), {sending: 0, receiving: 0});
	t.deepEqual(rates.of('1 2', {sent: 6000, received: 5000}, 2), {sending: 1000, receiving: 0});
	t.deepEqual(rates.of('1 2', {sent: 10, received: 9000}, 3), {sending: 0, receiving: 0});
	t.deepEqual(rates.of('1 2', {sent: 20, received: 9000}, 4), {sending: 10, receiving: 0});
	t.deepEqual(rates.of('1 2', {sent: 20, received: 9000}, 4), {sending: 10, receiving: 0});
});

test('pairs do not mix, and what is gone is forgotten', t => {
	const rates = createRates();
	rates.of('1 2', {sent: 0, received: 0}, 1);
	rates.of('1 3', {sent: 0, received: 0}, 1);
	t.is(rates.of('1 3', {sent: 0, received: 50}, 2).receiving, 50);
	t.is(rates.of('1 2', {sent: 0, received: 0}, 2).receiving, 0);
	rates.of('1 3', {sent: 0, received: 50}, 9);
	rates.forget(5);
	t.is(rates.of('1 2', {sent: 100, received: 0}, 10).sending, 0);
	t.true(rates.of('1 3', {sent: 0, received: 100}, 10).receiving > 0);
});
