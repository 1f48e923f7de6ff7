// SPDX-License-Identifier: MIT
//
// What must hold for any Store. The cases run on the one in memory always (store.ts) and on real
// XenStore in the lab (_run.ts), so they bring their own assertions and stay below one node.
import assert from 'node:assert/strict';
import {ColoopError} from '../../userland/errors.ts';
import {refusalName} from '../../userland/xenstore/errors.ts';
import type {Store, StorePath} from '../../userland/xenstore/store.ts';

export type World = {
	readonly store: Store;
	/** A second connection of the same domain. */
	readonly other: Store;
	/** A node of our own to work below; removed and made again for every case. */
	readonly base: StorePath;
	/** The domain we are. */
	readonly domid: number;
};

type Case = {readonly name: string; run(world: World): Promise<void>};

const someoneElse = 77;

export const cases: readonly Case[] = [
	{
		name: 'a node that is not there has no value and no children',
		async run({store, base}) {
			assert.equal(await store.read(`${base}/absent`), undefined);
			assert.deepEqual(await store.list(`${base}/absent`), []);
			assert.equal(await store.read(`${base}/absent/below`), undefined);
		},
	},
	{
		name: 'a value comes back as it was written, last one wins',
		async run({store, base}) {
			await store.write(`${base}/value`, '1 2 aa:bb,cc:dd -');
			assert.equal(await store.read(`${base}/value`), '1 2 aa:bb,cc:dd -');
			await store.write(`${base}/value`, '');
			assert.equal(await store.read(`${base}/value`), '');
		},
	},
	{
		name: 'a value of 1500 bytes fits',
		async run({store, base}) {
			await store.write(`${base}/long`, 'x'.repeat(1500));
			assert.equal(await store.read(`${base}/long`), 'x'.repeat(1500));
		},
	},
	{
		name: 'missing parents are made, empty',
		async run({store, base}) {
			await store.write(`${base}/a/b/c`, 'deep');
			assert.equal(await store.read(`${base}/a/b`), '');
			assert.deepEqual(await store.list(`${base}/a`), ['b']);
		},
	},
	{
		name: 'children are listed by name, grandchildren are not',
		async run({store, base}) {
			await store.write(`${base}/one`, '');
			await store.write(`${base}/two/below`, '');
			assert.deepEqual((await store.list(base)).sort(), ['one', 'two']);
		},
	},
	{
		name: 'mkdir makes an empty node and leaves one that is there',
		async run({store, base}) {
			await store.mkdir(`${base}/node`);
			assert.equal(await store.read(`${base}/node`), '');
			await store.write(`${base}/node`, 'kept');
			await store.mkdir(`${base}/node`);
			assert.equal(await store.read(`${base}/node`), 'kept');
		},
	},
	{
		name: 'remove takes all below along, and is no error twice',
		async run({store, base}) {
			await store.write(`${base}/tree/leaf`, 'x');
			await store.remove(`${base}/tree`);
			assert.equal(await store.read(`${base}/tree/leaf`), undefined);
			assert.deepEqual(await store.list(base), []);
			await store.remove(`${base}/tree`);
		},
	},
	{
		name: 'who makes a node owns it',
		async run({store, base, domid}) {
			await store.write(`${base}/mine`, '');
			assert.equal((await store.getPermissions(`${base}/mine`))[0]?.domid, domid);
		},
	},
	{
		name: 'permissions come back as they were set',
		async run({store, base, domid}) {
			const permissions = [
				{domid, access: 'none'},
				{domid: someoneElse, access: 'read'},
			] as const;

			await store.write(`${base}/shared`, '');
			await store.setPermissions(`${base}/shared`, permissions);
			assert.deepEqual(await store.getPermissions(`${base}/shared`), permissions);
		},
	},
	{
		name: 'a node inherits the permissions of its parent',
		async run({store, base, domid}) {
			const permissions = [
				{domid, access: 'none'},
				{domid: someoneElse, access: 'read'},
			] as const;

			await store.mkdir(`${base}/parent`);
			await store.setPermissions(`${base}/parent`, permissions);
			await store.write(`${base}/parent/child`, '');
			assert.deepEqual(await store.getPermissions(`${base}/parent/child`), permissions);
		},
	},
	{
		name: 'permissions of a node that is not there are an error',
		async run({store, base}) {
			await refuses(async () => await store.getPermissions(`${base}/absent`));
		},
	},
	{
		name: 'what xenstored would hang up on is refused before it is sent',
		async run({store, base}) {
			await refuses(async () => await store.write(`${base}/huge`, 'x'.repeat(5000)));
			await refuses(async () => await store.read(`${base}//double`));
			await refuses(async () => await store.read(`${base}/trailing/`));
			await refuses(async () => await store.read(`${base}/with space`));
			await refuses(async () => await store.read(`${base}/nul\0`));
			await refuses(async () => await store.write(`${base}/nul`, 'a\0b'));
			await refuses(async () => await store.read(''));
			assert.deepEqual(await store.list(base), []);
		},
	},
	{
		name: 'requests asked together are answered each on its own',
		async run({store, base}) {
			const names = Array.from({length: 40}, (_, at) => `n${at}`);

			await Promise.all(names.map(async name => await store.write(`${base}/${name}`, name)));
			const values = await Promise.all(
				names.map(async name => await store.read(`${base}/${name}`)),
			);
			assert.deepEqual(values, names);
			assert.deepEqual((await store.list(base)).sort(), [...names].sort());
		},
	},
	{
		name: 'a watch says its path first, then what changes at or below it',
		async run({store, base}) {
			await withWatch(store, `${base}/watched`, async next => {
				assert.equal(await next(), `${base}/watched`);
				await store.write(`${base}/watched/below`, '1');
				assert.equal(await next(), `${base}/watched/below`);
				await store.remove(`${base}/watched/below`);
				assert.equal(await next(), `${base}/watched/below`);
			});
		},
	},
	{
		name: 'a watch does not hear of its siblings',
		async run({store, base}) {
			await withWatch(store, `${base}/watched`, async next => {
				await next();
				await store.write(`${base}/watched-not`, '');
				await store.write(`${base}/watched`, '');
				assert.equal(await next(), `${base}/watched`);
			});
		},
	},
	{
		name: 'a watch hears that its parent is removed',
		async run({store, base}) {
			await store.write(`${base}/parent/watched`, '');
			await withWatch(store, `${base}/parent/watched`, async next => {
				await next();
				await store.remove(`${base}/parent`);
				assert.equal(await next(), `${base}/parent/watched`);
			});
		},
	},
	{
		name: 'one connection hears what another writes',
		async run({store, other, base}) {
			await withWatch(store, base, async next => {
				await next();
				await other.write(`${base}/news`, 'read me');
				assert.equal(await next(), `${base}/news`);
				assert.equal(await store.read(`${base}/news`), 'read me');
			});
		},
	},
	{
		name: 'two watches of one path hear each for itself',
		async run({store, base}) {
			await withWatch(store, base, async first => {
				await first();
				await withWatch(store, base, async second => {
					await second();
					await store.write(`${base}/x`, '');
					assert.equal(await second(), `${base}/x`);
				});
				assert.equal(await first(), `${base}/x`);
				await store.write(`${base}/y`, '');
				assert.equal(await first(), `${base}/y`);
			});
		},
	},
	{
		name: 'a watch ends with its signal',
		async run({store, base}) {
			const controller = new AbortController();
			const iterator = store.watch(base, controller.signal)[Symbol.asyncIterator]();

			await iterator.next();
			const waiting = iterator.next();
			controller.abort();
			assert.equal((await waiting).done, true);
		},
	},
	{
		// More than the 128 (or 100) that a guest may have at a time.
		name: 'many watches come and go',
		async run({store, base}) {
			for (let count = 0; count < 140; count++) {
				await withWatch(store, base, async next => {
					await next();
				});
			}
		},
	},
	{
		name: 'a transaction sees its own changes, and others see them when it ends',
		async run({store, other, base}) {
			await store.write(`${base}/old`, '1');
			const result = await store.transaction(async within => {
				await within.write(`${base}/new/below`, '2');
				await within.remove(`${base}/old`);
				assert.equal(await within.read(`${base}/new/below`), '2');
				assert.deepEqual(await within.list(base), ['new']);
				assert.deepEqual(await other.list(base), ['old']);

				return 'done';
			});
			assert.equal(result, 'done');
			assert.deepEqual(await other.list(base), ['new']);
		},
	},
	{
		name: 'a transaction that throws does nothing',
		async run({store, base}) {
			const work = store.transaction(async within => {
				await within.write(`${base}/new`, '');
				throw new Error('no');
			});
			await assert.rejects(work, {message: 'no'});
			assert.deepEqual(await store.list(base), []);
		},
	},
	{
		name: 'a transaction does nothing where others change what it looked at',
		async run({store, other, base}) {
			await store.write(`${base}/tree/ours`, '');
			const work = store.transaction(async within => {
				assert.deepEqual(await within.list(`${base}/tree`), ['ours']);
				await other.write(`${base}/tree/theirs`, '');
				await within.remove(`${base}/tree`);
			});
			await assert.rejects(work, error => refusalName(error) === 'EAGAIN');
			assert.deepEqual((await store.list(`${base}/tree`)).sort(), ['ours', 'theirs']);
		},
	},
];

/** Runs one case below a fresh node. */
export async function runCase({run}: Case, world: World): Promise<void> {
	await world.store.remove(world.base);
	await world.store.mkdir(world.base);
	try {
		await run(world);
	} finally {
		await world.store.remove(world.base);
	}
}

async function withWatch(
	store: Store,
	path: StorePath,
	use: (next: () => Promise<StorePath>) => Promise<void>,
): Promise<void> {
	const controller = new AbortController();
	const iterator = store.watch(path, controller.signal)[Symbol.asyncIterator]();

	try {
		await use(async () => {
			const {value, done} = await iterator.next();

			assert.notEqual(done, true, 'the watch ended');

			return String(value);
		});
	} finally {
		controller.abort();
	}
}

async function refuses(attempt: () => Promise<unknown>): Promise<void> {
	await assert.rejects(attempt, error => error instanceof ColoopError && error.code === 'STORE');
}
