// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseNodename, vifOf} from '../../../userland/kernel/vif.ts';

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
