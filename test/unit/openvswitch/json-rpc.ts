// SPDX-License-Identifier: MIT
import test from 'ava';
import {openJsonRpc} from '../../../userland/openvswitch/json-rpc.ts';
import {listen} from './_server.ts';

test('answers find their calls, however they are cut, and whatever is in strings', async t => {
	const path = await listen(t, socket => {
		socket.on('data', () => {
			const text = JSON.stringify({id: 1, error: null, result: 'a } \\ " { é'});
			const notice = JSON.stringify({id: null, method: 'update', params: ['}', {}]});
			for (const byte of Buffer.from(`${notice} ${text}`)) {
				socket.write(Buffer.from([byte]));
			}
		});
	});
	const notices: unknown[] = [];
	const rpc = openJsonRpc(path, {notified: ({method}) => notices.push(method)});

	t.is(await rpc.call('any'), 'a } \\ " { é');
	t.deepEqual(notices, ['update']);
	rpc.close();
});

test('the server that asks whether we are here is answered', async t => {
	const answer = new Promise<string>(resolve => {
		void listen(t, socket => {
			socket.write(JSON.stringify({id: 'echo', method: 'echo', params: [1]}));
			socket.on('data', data => resolve(String(data)));
		}).then(path => openJsonRpc(path));
	});

	t.deepEqual(JSON.parse(await answer), {id: 'echo', result: [1], error: null});
});

test('errors are thrown with their text', async t => {
	const path = await listen(t, socket => {
		socket.on('data', () =>
			socket.write(
				JSON.stringify({id: 1, result: null, error: '"x" is not a valid command\n'}),
			),
		);
	});

	await t.throwsAsync(openJsonRpc(path).call('x'), {message: /: x: "x" is not a valid command$/});
});

test('no answer, no server, a server that goes, and nonsense: each ends the call', async t => {
	const silent = await listen(t, () => {});
	const going = await listen(t, socket => socket.on('data', () => socket.destroy()));
	const mad = await listen(t, socket => socket.write('{"a": nonsense}'));
	const lost: string[] = [];
	const open = (path: string) =>
		openJsonRpc(path, {timeout: 100, lost: error => lost.push(error.message)});

	await t.throwsAsync(open(silent).call('x'), {message: /no answer in time$/});
	await t.throwsAsync(open(going).call('x'), {message: /the connection was closed$/});
	await t.throwsAsync(open(mad).call('x'), {message: /JSON/});
	await t.throwsAsync(open('/nowhere/db.sock').call('x'), {message: /ENOENT/});
	t.is(lost.length, 3);
});
