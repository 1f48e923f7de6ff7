// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {awaitStore} from '../../../userland/xenstore/presence.ts';
import {fakeClock} from '../daemon/_clock.ts';

async function scene(t: ExecutionContext, isDom0: boolean) {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-presence-'));
	t.teardown(() => rm(folder, {recursive: true}));
	const [socket, device] = [join(folder, 'socket'), join(folder, 'xenbus')];
	const clock = fakeClock();
	const reasons: string[] = [];
	const asked: AbortSignal[] = [];
	const stop = new AbortController();
	let answer = () => {};
	let refuse = () => {};
	let isThere = false;
	const options = {isDom0, sleep: clock.sleep, waits: (why: string) => void reasons.push(why)};
	const places = {sockets: [socket], devices: [device]};
	const asks = (_: unknown, signal: AbortSignal) =>
		new Promise<void>((resolve, reject) => {
			asked.push(signal);
			answer = resolve;
			refuse = () => reject(new Error('ENODEV'));
		});
	const start = (real = false) => {
		const done = real
			? awaitStore(options, stop.signal, places)
			: awaitStore(options, stop.signal, places, asks);

		return done.then(() => (isThere = true));
	};

	return {
		...{clock, reasons, asked, stop, socket, device, start},
		answer: () => answer(),
		refuse: () => refuse(),
		isThere: () => isThere,
		create: (path: string) => writeFile(path, ''),
	};
}

test('what is there is not waited for', async t => {
	const {start, create, socket, reasons} = await scene(t, true);
	await create(socket);
	await start();
	t.deepEqual(reasons, []);
});

test('in a guest the device is enough', async t => {
	const {start, create, device, asked, reasons} = await scene(t, false);
	await create(device);
	await start();
	t.deepEqual([asked, reasons], [[], []]);
});

for (const isDom0 of [true, false]) {
	test(`hours are waited, and that is said once, ${isDom0 ? 'dom0' : 'guest'}`, async t => {
		const {start, clock, create, socket, device, reasons, isThere} = await scene(t, isDom0);
		const done = start();
		await clock.advance(7_200_000);
		t.deepEqual(reasons, ['this machine has no XenStore yet; coloopd waits for it']);
		t.false(isThere());
		await create(isDom0 ? socket : device);
		await clock.advance(1000);
		await done;
	});
}

test('in dom0 a device that does not answer is waited for, and the socket preferred', async t => {
	const {start, clock, create, socket, device, reasons, asked, isThere} = await scene(t, true);
	await create(device);
	const done = start();
	await clock.advance(60_000);
	t.false(isThere());
	t.deepEqual(reasons, ['xenstored does not answer yet; coloopd waits for it']);
	t.is(asked.length, 1);
	await create(socket);
	await clock.advance(1000);
	await done;
	t.true(asked[0]?.aborted);
});

test('in dom0 a device that answers is that of a xenstored in a domain of its own', async t => {
	const {start, clock, create, device, answer, refuse, asked} = await scene(t, true);
	await create(device);
	const done = start();
	await clock.advance(1000);
	refuse();
	await clock.advance(1000);
	t.is(asked.length, 2);
	answer();
	await clock.advance(1000);
	await done;
});

test('who is told to stop waits no longer', async t => {
	const {start, stop, clock, asked, device, create} = await scene(t, true);
	await create(device);
	const done = start();
	await clock.advance(1000);
	stop.abort();
	await done;
	t.true(asked[0]?.aborted);
});

test('a device is really asked', async t => {
	const {start, clock, device} = await scene(t, true);
	/* What is written to a FIFO comes back: an answer of the same kind and number. */
	execFileSync('mkfifo', [device]);
	const done = start(true);
	while (!(await Promise.race([done, clock.advance(1000).then(() => false)]))) {
		await new Promise(resolve => setTimeout(resolve, 5));
	}
	t.pass();
});
