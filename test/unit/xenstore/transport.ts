// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {openTransport} from '../../../userland/xenstore/transport.ts';

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
