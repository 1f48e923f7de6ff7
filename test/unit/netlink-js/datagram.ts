// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import test, {type ExecutionContext} from 'ava';
import {SystemError, sendDatagram} from '../../../userland/netlink-js/index.ts';
import {listen, pathFor} from './_receiver.ts';

const bytes = (text: string) => Buffer.from(text);

async function arrives(t: ExecutionContext, path: string): Promise<void> {
	const receiver = await listen(t, path);
	sendDatagram(path, bytes('READY=1\nSTATUS=größer\n'));
	sendDatagram(path, bytes('end'));
	await once(receiver.process, 'exit');
	t.deepEqual(receiver.heard(), ['READY=1\nSTATUS=größer\n', 'end']);
}

test('a datagram arrives whole at a socket in the file system', async t => {
	await arrives(t, await pathFor(t));
});

test('and at one of the abstract names', async t => {
	await arrives(t, `@coloop-test-${process.pid}`);
});

test('what cannot be sent is an error with its name', async t => {
	const path = await pathFor(t);
	const code = (to: string) =>
		t.throws(() => sendDatagram(to, bytes('x')), {instanceOf: SystemError}).code;

	t.is(code(path), 'ENOENT');
	t.is(code('@coloop-nobody'), 'ECONNREFUSED');
	t.is(code(`/${'x'.repeat(107)}`), 'ENAMETOOLONG');
	t.is(code(`/${'x'.repeat(106)}`), 'ENOENT');
	t.throws(() => sendDatagram('/a\0b', bytes('x')), {instanceOf: TypeError, message: /NUL/});
	t.throws(() => sendDatagram('', bytes('x')));
	t.throws(() => sendDatagram(path, 'x' as unknown as Uint8Array), {instanceOf: TypeError});
});
