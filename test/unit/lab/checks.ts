// SPDX-License-Identifier: MIT
import test from 'ava';
import {foreignGrants, leaks, unbalanced} from '../../lab/checks.ts';

test('what is created is destroyed', t => {
	const line = (what: string) => `[   60.123456] coloop: ${what}\n`;
	const channel = line('channel 3 created') + line('channel 3 destroyed');

	t.deepEqual(unbalanced(channel + channel), []);
	t.deepEqual(unbalanced(channel + line('channel 3 created')), ['channel 3: 1 not destroyed']);
	t.deepEqual(unbalanced(line('peer b destroyed')), ['peer b: 1 twice destroyed']);
});

const listing = (owner: number, mapper: number) => `
(XEN) gnttab_usage_print_all [ key 'g' pressed
(XEN)       -------- active --------       -------- shared --------
(XEN) [ref] localdom mfn      pin          localdom gmfn     flags
(XEN) grant-table for remote d${owner} (v1)
(XEN)   3 frames (64 max), 0 maptrack frames (1024 max)
(XEN) [0x008]      ${mapper} 0xbabab 0x00000001          ${mapper} 0x0babab 0x19
(XEN) gnttab_usage_print_all ] done`;

test('a frontend grants to dom0: nothing to complain of', t => {
	t.deepEqual(foreignGrants(listing(1, 0)), []);
});

test('a guest that has mapped of a guest, or of dom0, has a channel', t => {
	t.regex(foreignGrants(listing(1, 2)).join(), /^domain 2 has a grant of domain 1 in use/);
	t.regex(foreignGrants(listing(0, 1)).join(), /^domain 1 has a grant of domain 0 in use/);
});

test('each report of kmemleak is a leak', t => {
	const one = 'unreferenced object 0xffff88800a0b0c00 (size 64):\n  comm "insmod", pid 7\n';
	t.deepEqual(leaks(''), []);
	t.deepEqual(leaks(one + one), [one, one]);
});
