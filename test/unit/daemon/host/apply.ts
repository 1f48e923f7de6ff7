// SPDX-License-Identifier: MIT
import test from 'ava';
import {createApplier} from '../../../../userland/daemon/host/apply.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {domainPath} from '../../../../userland/xenstore/paths.ts';
import type {Store} from '../../../../userland/xenstore/store.ts';
import {fakeXenStore} from '../../../fakes/xenstore.ts';

const home = domainPath(5);

/** Sweeps domain 5, of which there is nothing but our node, while `meanwhile` happens after the look. */
async function sweep(meanwhile: (tree: ReturnType<typeof fakeXenStore>) => void = () => {}) {
	const tree = fakeXenStore();
	const xen = tree.connect(0);
	const refused: unknown[] = [];
	const store: Store = {
		...xen,
		transaction: work =>
			xen.transaction(within =>
				work({
					...within,
					async list(path) {
						const names = await within.list(path);
						meanwhile(tree);

						return names;
					},
				}),
			),
	};
	await xen.write(`${home}/coloop/peers/1`, 'late');
	const applier = createApplier({
		...{store, host: '1', log: createLog(() => {})},
		refused: (_, error) => refused.push(error),
	});

	return {
		...{tree, xen, refused},
		async run() {
			applier.apply([{kind: 'sweep', domid: 5}]);
			await applier.settle(0);
		},
	};
}

test('a tree with nothing but our node is swept', async t => {
	const {xen, refused, run} = await sweep();
	await run();
	t.deepEqual(await xen.list('/local/domain'), ['0']);
	t.deepEqual(refused, []);
});

test('a domid that came back before it is swept keeps its tree', async t => {
	const {tree, xen, refused, run} = await sweep();
	tree.introduce(5, 'new');
	await run();
	t.is(await xen.read(`${home}/name`), 'new');
	t.deepEqual(refused, []);
});

test('a domid that comes back while it is swept keeps its tree', async t => {
	let looks = 0;
	const {xen, refused, run} = await sweep(tree => {
		if (looks++ === 0) {
			tree.introduce(5, 'new');
		}
	});
	await run();
	t.is(await xen.read(`${home}/name`), 'new');
	t.is(looks, 2);
	t.deepEqual(refused, []);
});

test('where others never rest, sweeping is refused, and not tried for ever', async t => {
	let looks = 0;
	const {xen, refused, run} = await sweep(tree => tree.introduce(100 + looks++));
	await run();
	t.is(await xen.read(`${home}/coloop/peers/1`), 'late');
	t.is(refused.length, 1);
	t.is(looks, 5);
});
