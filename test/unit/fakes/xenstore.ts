// SPDX-License-Identifier: MIT
//
// What a single domain cannot see and the conformance suite leaves out: who may touch what.
import test from 'ava';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import {refusalName} from '../../../userland/xenstore/errors.ts';
import type {Store, StorePath} from '../../../userland/xenstore/store.ts';

async function take(store: Store, path: StorePath, count: number, act = async () => {}) {
	const taken: StorePath[] = [];

	for await (const event of store.watch(path, new AbortController().signal)) {
		taken.push(event);
		if (taken.length === 1) {
			await act();
		}
		if (taken.length === count) {
			break;
		}
	}

	return taken;
}

test('a guest reads its home and writes its data, and nothing of others', async t => {
	const xenstore = fakeXenStore();
	const guest = xenstore.connect(7);

	xenstore.introduce(8);
	t.is(await guest.read('domid'), '7');
	await guest.write('data/x', '1');
	t.is(await guest.read('/local/domain/7/data/x'), '1');
	t.is(refusalName(await t.throwsAsync(guest.write('name', 'me'))), 'EACCES');
	t.is(refusalName(await t.throwsAsync(guest.read('/local/domain/8/name'))), 'EACCES');
	t.is(refusalName(await t.throwsAsync(guest.read('/local/domain/8/absent'))), 'EACCES');
	t.is(refusalName(await t.throwsAsync(guest.list('/local/domain'))), 'EACCES');
	t.is(refusalName(await t.throwsAsync(guest.remove('/tool'))), 'EACCES');
});

test('dom0 reads what a guest writes, and what it writes there is the guest’s', async t => {
	const xenstore = fakeXenStore();
	const dom0 = xenstore.connect(0);

	await xenstore.connect(7).write('data/x', '1');
	t.is(await dom0.read('/local/domain/7/data/x'), '1');
	await dom0.write('/local/domain/7/data/y', '2');
	t.deepEqual(await dom0.getPermissions('/local/domain/7/data/y'), [{domid: 7, access: 'none'}]);
});

test('a readable node below an unreadable one is read', async t => {
	const xenstore = fakeXenStore();
	const dom0 = xenstore.connect(0);

	await dom0.write('/tool/secret/open', 'hello');
	await dom0.setPermissions('/tool/secret/open', [
		{domid: 0, access: 'none'},
		{domid: 7, access: 'read'},
	]);
	t.is(await xenstore.connect(7).read('/tool/secret/open'), 'hello');
	await t.throwsAsync(xenstore.connect(8).read('/tool/secret/open'));
	await t.throwsAsync(xenstore.connect(7).write('/tool/secret/open', 'mine'));
});

test('only dom0 gives a node away', async t => {
	const xenstore = fakeXenStore();
	const guest = xenstore.connect(7);

	await guest.write('data/x', '');
	const error = await t.throwsAsync(guest.setPermissions('data/x', [{domid: 8, access: 'none'}]));
	t.is(refusalName(error), 'EPERM');
	await xenstore
		.connect(0)
		.setPermissions('/local/domain/7/data/x', [{domid: 8, access: 'none'}]);
	await t.throwsAsync(guest.read('data/x'));
});

test('events of a relative watch are relative', async t => {
	const xenstore = fakeXenStore();
	const dom0 = xenstore.connect(0);
	const events = await take(xenstore.connect(7), 'coloop', 2, async () => {
		await dom0.write('/local/domain/7/coloop/host', '1 1 1');
	});

	t.deepEqual(events, ['coloop', 'coloop/host']);
});

test('a guest hears nothing of what it may not read', async t => {
	const xenstore = fakeXenStore();
	const dom0 = xenstore.connect(0);
	const events = await take(xenstore.connect(7), '/tool', 2, async () => {
		await dom0.write('/tool/hidden', '1');
		await dom0.write('/tool/shown', '1');
		await dom0.setPermissions('/tool/shown', [{domid: 0, access: 'read'}]);
	});

	t.deepEqual(events, ['/tool', '/tool/shown']);
});

test('dom0 hears of domains that come and go', async t => {
	const xenstore = fakeXenStore();
	const dom0 = xenstore.connect(0);

	t.is(
		(await take(dom0, '@introduceDomain', 2, async () => xenstore.introduce(7, 'web'))).length,
		2,
	);
	t.is(await dom0.read('/local/domain/7/name'), 'web');
	t.is((await take(dom0, '@releaseDomain', 2, async () => xenstore.release(7))).length, 2);
	t.deepEqual(await dom0.list('/local/domain'), ['0']);
});

test('the connections of a domain end with it', async t => {
	const xenstore = fakeXenStore();
	const guest = xenstore.connect(7);
	const watch = guest.watch('coloop', new AbortController().signal)[Symbol.asyncIterator]();

	await watch.next();
	xenstore.release(7);
	await t.throwsAsync(async () => await watch.next(), {
		message: 'the connection to XenStore is gone',
	});
	await t.throwsAsync(guest.read('domid'));
});
