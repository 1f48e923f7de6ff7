// SPDX-License-Identifier: MIT
import test from 'ava';
import {attachedPrograms, SystemError} from '../../../userland/netlink-js/index.ts';
import {buildAttach} from '../firewall/_attach.ts';
import {nodeInNetns} from '../nftables-js/_netns.ts';

test('programs at tcx and netfilter are told, with their names, while they are attached', async t => {
	const output = await nodeInNetns(new URL('_programs.js', import.meta.url), [
		await buildAttach(t),
	]);

	t.is(
		output,
		'nothing: []\ntcx lo: ["drop_all"]\nnetfilter 2 2: [["drop_all",2,2]]\nnothing: []\n',
	);
});

test('a device that is not there, and a place that no kernel knows, are errors', t => {
	const code = (ifindex: number, place: number) =>
		t.throws(() => attachedPrograms(ifindex, place), {instanceOf: SystemError}).code;

	t.is(code(0x7fff_ffff, 46), 'ENODEV');
	t.is(code(1, 9999), 'EINVAL');
	t.throws(() => attachedPrograms(-1, 46), {instanceOf: TypeError});
});
