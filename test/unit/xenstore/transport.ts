// SPDX-License-Identifier: MIT
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {openTransport, openUnixSocket} from '../../../userland/xenstore/transport.ts';

const listener = {onData() {}, onEnd() {}};

/** Where nobody listens any more, and a FIFO for the kernel's device. */
async function places(t: ExecutionContext) {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-xs-'));
	const [socket, device, none] = ['socket', 'xenbus', 'none'].map(name => join(folder, name));

	t.teardown(() => rm(folder, {recursive: true}));
	await writeFile(socket ?? '', '');
	execFileSync('mkfifo', [device ?? '']);

	return {socket: socket ?? '', device: device ?? '', none: none ?? ''};
}

test('without a socket the device is opened', async t => {
	const {none, device} = await places(t);
	const transport = await openTransport(listener, {sockets: [none], devices: [none, device]});

	t.true(transport.oneAtATime);
	transport.close();
});

test('where xenstored has died, its device is no way to it', async t => {
	const {socket, device} = await places(t);
	const error = await t.throwsAsync(
		openTransport(listener, {sockets: [socket], devices: [device]}),
		{instanceOf: ColoopError},
	);

	t.is(error.code, 'STORE');
	t.regex(error.message, /ECONNREFUSED/);
});

test('where there is neither, it is no Xen', async t => {
	const {none} = await places(t);
	const error = await t.throwsAsync(openTransport(listener, {sockets: [none], devices: [none]}), {
		instanceOf: ColoopError,
	});

	t.is(error.code, 'NO_XEN');
});

test('an xenstored whose backlog is full is waited for', async t => {
	const {none: path} = await places(t);
	const xenstored = spawn(process.execPath, [
		'-e',
		`require('net').createServer(() => {}).listen({path: ${JSON.stringify(path)}, backlog: 1},
			() => console.log('listens'))`,
	]);
	t.teardown(() => xenstored.kill('SIGKILL'));
	await once(xenstored.stdout, 'data');
	xenstored.kill('SIGSTOP');

	const opened: unknown[] = [];
	const all = ['a', 'b', 'c', 'd'].map(async name => {
		const transport = await openUnixSocket(path, listener);
		opened.push(name);

		return transport;
	});
	await sleep(200);
	t.true(opened.length < all.length, 'the backlog is full');
	xenstored.kill('SIGCONT');
	for (const transport of await Promise.all(all)) {
		transport.close();
	}
	t.is(opened.length, all.length);
});
