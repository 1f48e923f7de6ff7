// SPDX-License-Identifier: MIT
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {parseNodename, vifOf, vifs} from '../../../userland/kernel/vif.ts';

test("a frontend's node in XenStore tells its number", t => {
	t.is(parseNodename('device/vif/0\n'), '0');
	t.is(parseNodename('device/vif/12'), '12');
	for (const text of [
		'',
		'backend/vif/2/0',
		'device/vbd/51712',
		'device/vif/',
		'device/vif/0/1',
	]) {
		t.is(parseNodename(text), undefined, text);
	}
});

test('a device that is no vif has no number', async t => {
	t.is(await vifOf('lo'), undefined);
});

test('a vif is one of this domain wherever its network device is', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-vif-'));
	for (const name of ['vif-0', 'vif-12', 'vbd-51712', 'vif-', 'vif-1-0']) {
		await writeFile(join(folder, name), '');
	}
	t.deepEqual(await vifs(folder), new Set(['0', '12']));
	await rm(folder, {recursive: true});
	t.deepEqual(await vifs(folder), new Set(), 'no Xen');
});
