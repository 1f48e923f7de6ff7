// SPDX-License-Identifier: MIT
import {readFile, readdir} from 'node:fs/promises';
import test from 'ava';
import {
	findSplats,
	foreignGrants,
	leaks,
	ourNodes,
	parsePorts,
	unbalanced,
	unlistedGrants,
} from '../../lab/checks.ts';
import type {Lab} from '../../lab/lab.ts';

test('what is created is destroyed', t => {
	const line = (what: string) => `[   60.123456] coloop: ${what}\n`;
	const channel = line('channel 3 created') + line('channel 3 destroyed');

	t.deepEqual(unbalanced(channel + channel), []);
	t.deepEqual(unbalanced(channel + line('channel 3 created')), ['channel 3: 1 not destroyed']);
	t.deepEqual(unbalanced(line('peer b destroyed')), ['peer b: 1 twice destroyed']);
});

test('the module says of all that it creates when that is destroyed', async t => {
	const files = (await readdir('kmod')).filter(name => name.endsWith('.c'));
	const sources = await Promise.all(files.map(name => readFile(`kmod/${name}`, 'utf8')));
	const said = [...sources.join('').matchAll(/pr_debug\("(.*) (created|destroyed)\\n"/g)];
	const of = (verb: string) => said.filter(each => each[2] === verb).map(([, what]) => what);

	t.deepEqual(of('created').sort(), of('destroyed').sort());
	t.deepEqual(of('created').sort(), ['channel to %u', 'peer %u']);
	for (const what of of('created')) {
		t.is(unbalanced(`[ 1.0] coloop: ${what?.replace('%u', '2') ?? ''} created`).length, 1);
	}
});

test('a node of ours is left, whoever it is of; others are not ours', t => {
	const others = '/local/domain/0/name = "Domain-0"\n/local/domain/1/data = ""\n';
	t.deepEqual(ourNodes(others), []);
	for (const node of [
		'1/coloop/peers/2 = "x"',
		'0/data/coloop = ""',
		'2/data/coloop/hello = "1"',
	]) {
		t.deepEqual(ourNodes(`${others}/local/domain/${node}\n`), [
			`XenStore keeps nodes:\n/local/domain/${node}`,
		]);
	}
});

test('a XenStore that lists nothing has not been looked at', t => {
	for (const listing of ['', 'xenstore-ls: could not access path']) {
		t.regex(ourNodes(listing).join(), /^XenStore does not list domain 0/);
	}
});

test('event channels by domain; a guest without any has not been looked at', t => {
	t.deepEqual(
		[...parsePorts('1 14\n2 15\n')],
		[
			['1', 14],
			['2', 15],
		],
	);
	t.throws(() => parsePorts('1 14\n2 0\n'), {message: /domain 2/});
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

test('a guest whose grants Xen does not list has not been looked at', t => {
	t.deepEqual(unlistedGrants(listing(1, 0), ['1']), []);
	t.deepEqual(unlistedGrants(listing(1, 0), ['1', '2']), ['Xen lists no grant of domain 2']);
	t.deepEqual(unlistedGrants(listing(1, 0).replace('[0x008] ', 'ref 8'), ['1']).length, 1);
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

test('a log that cannot be read is a complaint, not a silent machine', async t => {
	const logs = (status: number) => ({
		name: 'dom0',
		run: (command: string) =>
			Promise.resolve({status: command === 'dmesg' ? status : 0, stdout: '', stderr: 'no'}),
	});
	const lab = (status: number) => ({consoleText: '', dom0: logs(status)}) as unknown as Lab;

	t.deepEqual(await findSplats(lab(0)), []);
	const [complaint, ...rest] = await findSplats(lab(1));
	t.like(complaint, {where: 'dom0', title: 'its log cannot be read', text: 'no'});
	t.deepEqual(rest, []);
});
