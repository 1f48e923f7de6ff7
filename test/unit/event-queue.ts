// SPDX-License-Identifier: MIT
import test from 'ava';
import {eventQueue} from '../../userland/event-queue.ts';

function setup(limit = 3) {
	const controller = new AbortController();
	const calls = {stopped: 0};
	const queue = eventQueue<string>({
		signal: controller.signal,
		overflow: 'all',
		limit,
		stop: () => {
			calls.stopped += 1;
		},
	});

	return {queue, controller, calls};
}

test('values come in order and equal ones once', async t => {
	const {queue, calls} = setup();
	const seen: string[] = [];

	['a', 'b', 'a'].forEach(value => queue.push(value));
	for await (const value of queue) {
		seen.push(value);
		if (value === 'b') {
			break;
		}
	}
	t.deepEqual(seen, ['a', 'b']);
	t.is(calls.stopped, 1);
});

test('beyond the limit one value stands for all', async t => {
	const {queue} = setup();

	['a', 'b', 'c', 'd'].forEach(value => queue.push(value));
	t.is((await queue[Symbol.asyncIterator]().next()).value, 'all');
});

test('the signal ends a waiting iterator', async t => {
	const {queue, controller, calls} = setup();
	const next = queue[Symbol.asyncIterator]().next();

	controller.abort();
	t.true((await next).done);
	t.is(calls.stopped, 1);
});

test('a signal that was there before ends it too', async t => {
	const signal = AbortSignal.abort();
	let stopped = false;
	const queue = eventQueue({signal, overflow: 0, stop: () => (stopped = true)});

	t.true((await queue[Symbol.asyncIterator]().next()).done);
	t.true(stopped);
});

test('a failure comes after what waited', async t => {
	const {queue} = setup();
	const iterator = queue[Symbol.asyncIterator]();

	queue.push('a');
	queue.fail(new Error('gone'));
	t.is((await iterator.next()).value, 'a');
	await t.throwsAsync(async () => await iterator.next(), {message: 'gone'});
});
