// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {formatPermission, parsePermission} from '../../../userland/xenstore/permissions.ts';

test('letters stand for access', t => {
	for (const [text, access] of [
		['n0', 'none'],
		['r7', 'read'],
		['w8', 'write'],
		['b32751', 'both'],
	] as const) {
		const domid = Number(text.slice(1));

		t.deepEqual(parsePermission(text), {domid, access});
		t.is(formatPermission({domid, access}), text);
	}
});

test('anything else is refused', t => {
	for (const text of ['', 'r', '7', 'x7', 'r-1', 'r7 ', 'rr7', 'r123456']) {
		t.throws(() => parsePermission(text), {instanceOf: ColoopError}, text);
	}
});
