// SPDX-License-Identifier: MIT
import test from 'ava';
import {hostAlive} from '../../../userland/xenstore/paths.ts';
import {createStage} from './_stage.ts';

test('withdrawing leaves nothing of ours, in XenStore or the kernels', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.connect(0, 1);
	await stage.clock.advance(6000);
	await stage.stopAll();
	for (const domid of [1, 2, 0]) {
		await stage.withdraw(domid);
	}
	const nodes = Object.keys(await stage.tree()).filter(path => path.includes('coloop'));
	t.deepEqual(nodes, []);
	t.is(await stage.xen.read(hostAlive), undefined);
	for (const domid of [0, 1, 2]) {
		t.deepEqual(await stage.kernel(domid).peers(), []);
	}
});

test('withdrawing without the module is no error', async t => {
	const stage = createStage();
	for (const domid of [0, 1]) {
		await stage.create(domid);
	}
	stage.kernel(1).unload();
	stage.setModule(1, 'absent');
	await t.notThrowsAsync(stage.withdraw(1));
});
