// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {readFirewall, realTools} from '../../../userland/firewall/read.ts';
import {nodeInNetns} from '../nftables-js/_netns.ts';
import {buildAttach} from './_attach.ts';
import {fakeTools} from './_tools.ts';

test("dom0's kernel is read as it is", async t => {
	await t.notThrowsAsync(
		nodeInNetns(new URL('_dom0.js', import.meta.url), [await buildAttach(t)]),
	);
});

test('what cannot be read at first is an error, not nothing', async t => {
	const fail = () => Promise.reject(new ColoopError('FIREWALL', 'not now'));
	const readers = [
		...(['readDevices', 'readVlans', 'readForwarding', 'readQueues', 'readHooks'] as const),
		...(['readDeviceHooks', 'readBaseChains', 'readFile'] as const),
	];

	for (const reader of readers) {
		await t.throwsAsync(
			readFirewall(['vif3.0'], fakeTools({[reader]: fail})),
			{instanceOf: ColoopError, message: 'not now'},
			reader,
		);
	}
	await t.notThrowsAsync(readFirewall(['vif3.0'], fakeTools()));
});

test('a file that is not there is undefined, one that cannot be read an error', async t => {
	t.is(await realTools.readFile('/nonexistent'), undefined);
	await t.throwsAsync(realTools.readFile('/proc'), {instanceOf: ColoopError});
});
