// SPDX-License-Identifier: MIT
import test from 'ava';
import {readDomain} from '../../../userland/xenstore/discover.ts';
import type {Permission} from '../../../userland/xenstore/store.ts';
import {parseTags, readTags} from '../../../userland/xenstore/tags.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';
const path = `/coloop/tags/${uuid}`;

async function tagged(value: string, permissions: Readonly<Record<string, Permission[]>> = {}) {
	const tree = fakeXenStore();
	tree.introduce(3, 'web-1');
	const xen = tree.connect(0);
	await xen.write('/local/domain/3/vm', `/vm/${uuid.toUpperCase()}`);
	await xen.write(path, value);
	for (const [node, list] of Object.entries(permissions)) {
		await xen.setPermissions(node, list);
	}

	return {tree, xen};
}

const problem = async (value: string, permissions?: Readonly<Record<string, Permission[]>>) => {
	const found = await readTags((await tagged(value, permissions)).xen, uuid);

	return found && 'problem' in found ? found.problem : undefined;
};

test('a domain has the tags that dom0 gives it by its UUID', async t => {
	const {xen, tree} = await tagged(' web  tenant-a web\n');
	t.like(await readDomain(xen, 3), {name: 'web-1', tagged: {tags: ['tenant-a', 'web']}});
	t.is(await readTags(xen, undefined), undefined);
	t.is(await readTags(xen, uuid.replace('1', '2')), undefined);
	await xen.write(path, '');
	t.deepEqual(await readTags(xen, uuid), {tags: []});
	const guest = tree.connect(3);
	for (const act of [
		() => guest.write(path, 'db'),
		() => guest.remove(path),
		() => guest.read(path),
	]) {
		await t.throwsAsync(act, undefined, 'a guest has no say in it');
	}
});

test('what a guest may write or remove says nothing, and the reason says how to mend it', async t => {
	const lists: ReadonlyArray<readonly [Permission[], number | string]> = [
		[[{domid: 3, access: 'none'}], 3],
		[[{domid: 0, access: 'write'}], 'any'],
		[[{domid: 0, access: 'both'}], 'any'],
		[
			[
				{domid: 0, access: 'none'},
				{domid: 4, access: 'read'},
				{domid: 3, access: 'write'},
			],
			3,
		],
		[
			[
				{domid: 0, access: 'read'},
				{domid: 7, access: 'both'},
			],
			7,
		],
	];
	for (const node of ['/coloop', '/coloop/tags', path]) {
		for (const [list, writer] of lists) {
			t.is(
				await problem('web', {[node]: list}),
				`domain ${writer} may write ${node}: xenstore-chmod ${node} n0`,
			);
		}
	}
	t.is(
		await problem('web', {
			[path]: [
				{domid: 0, access: 'read'},
				{domid: 3, access: 'read'},
			],
		}),
		undefined,
	);
});

test('what is no list of tags says nothing', async t => {
	const many = Array.from({length: 17}, (_, index) => `t${index}`).join(' ');
	for (const value of ['web,db', 'tag:web', '*', '-x', 'é', 'x'.repeat(33), many]) {
		t.is(await problem(value), `${path} is not a list of tags: ${JSON.stringify(value)}`);
	}
	t.deepEqual(parseTags(many.slice(0, -4)), {tags: many.slice(0, -4).split(' ').sort()});
});
