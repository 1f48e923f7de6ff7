// SPDX-License-Identifier: MIT
import test from 'ava';
import {labWith} from '../with-lab.ts';
import {carries} from './_channel.ts';

test('a channel carries what PVH guests say', labWith({type: 'pvh'}), async (t, given) => {
	for (const guest of [given.a, given.b]) {
		t.is((await guest.run('cat /sys/hypervisor/guest_type')).stdout, 'PVH\n');
	}
	await carries(t, given);
});
