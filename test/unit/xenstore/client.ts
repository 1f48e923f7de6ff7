// SPDX-License-Identifier: MIT
//
// The client on a real Unix socket. The conformance suite runs through it here too, so that a
// failure on real XenStore means that XenStore differs from test/fakes.
import test, {type ExecutionContext} from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {storeOver} from '../../../userland/xenstore/client.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import {connectRequests} from '../../../userland/xenstore/requests.ts';
import {refusalName} from '../../../userland/xenstore/errors.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {openUnixSocket} from '../../../userland/xenstore/transport.ts';
import {bodyMax, socketBodyMax} from '../../../userland/xenstore/wire.ts';
import {cases, runCase} from '../../conformance/_cases.ts';
import {serve, type Server} from './_server.ts';

async function connect({path}: Server, oneAtATime = false): Promise<Store> {
	return storeOver(
		await connectRequests(async listener => ({
			...(await openUnixSocket(path, listener)),
			...(oneAtATime && {oneAtATime, bodyMax}),
		})),
	);
}

async function serverFor(
	t: ExecutionContext,
	domid: number,
	options: Parameters<typeof serve>[1] = {},
) {
	const xenstore = fakeXenStore();
	const server = await serve(() => xenstore.connect(domid), options);

	t.teardown(() => server.close());

	return {xenstore, server};
}

for (const likeDevice of [false, true]) {
	for (const each of cases) {
		test(`${likeDevice ? 'device' : 'socket'}: ${each.name}`, async t => {
			const {server} = await serverFor(t, 7, {likeDevice});
			const store = await connect(server, likeDevice);
			const other = await connect(server, likeDevice);

			await t.notThrowsAsync(
				runCase(each, {store, other, base: 'data/conformance', domid: 7}),
			);
		});
	}
}

test('a refusal names the path and keeps the name of the error', async t => {
	const {server} = await serverFor(t, 7);
	const store = await connect(server);
	const error = await t.throwsAsync(store.write('/tool/x', ''), {instanceOf: ColoopError});

	t.is(error?.code, 'STORE');
	t.is(error?.message, '/tool/x: permission denied (XenStore said EACCES)');
	t.is(error?.cause, 'EACCES');
});

test('request numbers begin anew behind 2^32, and pass over what is under way', async t => {
	const {xenstore, server} = await serverFor(t, 0);
	await xenstore.connect(0).write('/tool/x', 'text');
	const store = storeOver(
		await connectRequests(listener => openUnixSocket(server.path, listener), 2 ** 32 - 3),
	);

	for (let time = 0; time < 3; time++) {
		const values = await Promise.all([1, 2, 3, 4].map(() => store.read('/tool/x')));
		t.deepEqual(values, ['text', 'text', 'text', 'text']);
	}
});

test('a request that is too long is refused as xenstored would', async t => {
	const {server} = await serverFor(t, 0);
	const store = await connect(server);
	const error = await t.throwsAsync(store.write('/tool/x', 'x'.repeat(4090)));
	t.is(refusalName(error), 'E2BIG');
	t.is(await store.read('/tool/x'), undefined, 'and the connection stays');
});

test('a list too long for one message comes in parts', async t => {
	const {xenstore, server} = await serverFor(t, 0, {listMax: 100});
	const names = Array.from({length: 60}, (_, at) => `domain-${at}`);

	for (const name of names) {
		await xenstore.connect(0).write(`/tool/${name}`, '');
	}
	t.deepEqual(await (await connect(server)).list('/tool'), names);
});

/* oxenstored's answer to a socket. */
test('a list too long for one message comes in one, but not over the device', async t => {
	const {xenstore, server} = await serverFor(t, 0, {listMax: socketBodyMax});
	const names = Array.from({length: 900}, (_, at) => `${10_000 + at}`);
	const writer = xenstore.connect(0);
	await Promise.all(names.map(name => writer.write(`/tool/${name}`, '')));

	t.deepEqual(await (await connect(server)).list('/tool'), names);
	await t.throwsAsync((await connect(server, true)).list('/tool'), {message: /at most 4096/});
});

test('a lost connection ends requests and watches', async t => {
	const {server} = await serverFor(t, 0);
	const store = await connect(server);
	const watch = store.watch('/tool', new AbortController().signal)[Symbol.asyncIterator]();

	await watch.next();
	server.hangUp();
	await t.throwsAsync(async () => await watch.next(), {
		message: 'the connection to XenStore is gone',
	});
	await t.throwsAsync(store.read('/tool'), {message: 'the connection to XenStore is gone'});
});

test('a closed store refuses', async t => {
	const {server} = await serverFor(t, 0);
	const store = await connect(server);

	await store.close();
	await t.throwsAsync(store.read('/tool'), {instanceOf: ColoopError});
});

test('a watch of a path that cannot be is refused at once', async t => {
	const {server} = await serverFor(t, 0);
	const store = await connect(server);

	t.throws(() => store.watch('/bad path', new AbortController().signal), {
		instanceOf: ColoopError,
	});
});
