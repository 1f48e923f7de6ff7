// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {startCluster} from './harness/cluster.ts';
import {allows, configOf, peersOf, prefix, startHost} from './harness/host.ts';

const large = ['--max-request-bytes', `${32 * 1024 * 1024}`];

/** In bytes; of all that this process ever had. */
async function peakMemory(): Promise<number> {
	const status = await readFile('/proc/self/status', 'utf8');

	return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]) * 1024;
}

test.serial(
	'a document of 10 MB is refused by its name, and most of it is not even read',
	async t => {
		const etcd = await startCluster(t, {members: 1, flags: large});
		await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
		const host = await startHost(t, configOf(etcd.endpoints));
		await host.until(loaded => peersOf(loaded) === 'v0');
		const before = await peakMemory();

		for (let count = 0; count < 4; count++) {
			await etcd.putLarge(
				`${prefix}20-large.yaml`,
				`  - allow: guest-${count}\n`,
				10_000_000,
			);
			await host.until((_, {documents, in_force}) => documents === 2 && !in_force);
		}
		const {errors} = await host.until(each => each.errors.length > 0);
		t.is(
			errors[0]?.message,
			'etcd:/coloop/policy/20-large.yaml:1:1: error: file: expected a file that can be read, got more than 1048576 bytes',
		);
		t.is(peersOf(host.now()), 'v0');
		t.is(host.state().problem, null);
		const grown = (await peakMemory()) - before;
		t.log(`grew by ${(grown / 2 ** 20).toFixed(0)} MiB`);
		t.true(grown < 64 * 2 ** 20);

		await etcd.put(`${prefix}20-large.yaml`, allows('b'));
		await host.until(loaded => peersOf(loaded) === 'v0,b');
	},
);

test('too many documents, or too much in all, are refused', async t => {
	const etcd = await startCluster(t, {members: 1, flags: large});
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	const comment = `# ${'x'.repeat(1020)}\n`.repeat(1000);
	for (const name of ['1', '2', '3', '4', '5']) {
		await etcd.put(`${prefix}2${name}.yaml`, `${comment}${allows(`b${name}`)}`);
	}
	const full = await host.until(({errors}) => errors.length > 0);
	t.regex(full.errors[0]?.message ?? '', /25\.yaml:1:1: .* got more than 4194304 bytes in all/);
	await etcd.ctl(['del', `${prefix}21.yaml`]);
	await host.until(loaded => peersOf(loaded) === 'v0,b2,b3,b4,b5');

	await etcd.ctl(['del', '--prefix', `${prefix}2`]);
	const puts = Array.from({length: 120}, (_, index) => {
		const name = String(index).padStart(3, '0');

		return `put ${prefix}3${name}.yaml "version: 1"\n`;
	});
	for (let from = 0; from < puts.length; from += 60) {
		await etcd.ctl(['txn'], {input: `\n${puts.slice(from, from + 60).join('')}\n\n`});
	}
	const many = await host.until(({errors}) => errors.length > 0);
	t.regex(many.errors[0]?.message ?? '', /got more than 120 documents$/);
	t.true(many.errors.length <= 121);
	await etcd.ctl(['del', `${prefix}3000.yaml`]);
	await host.until(({errors}) => errors.length === 0);
	t.is(host.state().documents, 120);
});

test('whatever stands under the prefix, its place is told and the last good stays', async t => {
	const etcd = await startCluster(t, {members: 1});
	await etcd.put(`${prefix}10-a.yaml`, allows('v0'));
	const host = await startHost(t, configOf(etcd.endpoints));
	await host.until(loaded => peersOf(loaded) === 'v0');
	const cases: ReadonlyArray<readonly [name: string, content: string | Uint8Array, RegExp]> = [
		['20.yaml', Uint8Array.of(0x76, 0xff, 0x0a), /20\.yaml:1:2: error: file: expected UTF-8/],
		['20.yaml', 'version: 1\n\0', /20\.yaml:2:1: error: yaml: /],
		['20.yaml', '['.repeat(100_000), /20\.yaml:1:\d+: error: yaml: expected at most 8 levels/],
		['20.yaml', '', /20\.yaml:1:1: error: /],
		[
			'20.yaml',
			'version: 1\n---\nversion: 1\n',
			/20\.yaml:\d:\d: error: yaml: expected one doc/,
		],
		['20.yaml', `include: [x.yaml]\n${allows('x')}`, /20\.yaml:1:11: .* expected no include/],
		['20.yml', allows('x'), /20\.yml:1:1: .* expected a name that ends in \.yaml/],
		['sub/20.yaml', allows('x'), /sub\/20\.yaml:1:1: .* got a name with a slash/],
		['20\u001b[31m.yaml', 'version: 3\n', /20.*31m\.yaml:1:10: error: version: /],
	];
	for (const [name, content, expected] of cases) {
		await (content.length > 0
			? etcd.put(`${prefix}${name}`, content)
			: etcd.putLarge(`${prefix}${name}`, 'x', 0));
		const {errors} = await host.until(each => each.errors.length > 0);
		t.regex(errors[0]?.message ?? '', expected);
		t.false((errors[0]?.message ?? '').includes('\u001b'));
		t.is(peersOf(host.now()), 'v0');
		await etcd.ctl(['del', `${prefix}${name}`]);
		await host.until(each => each.errors.length === 0);
	}
	await etcd.put(`${prefix}README`, 'a note');
	const noted = await host.until(each => each.warnings.length > 0);
	t.regex(noted.warnings[0] ?? '', /README:1:1: warning: file: is not read/);
	await etcd.put('/coloop/policy0', 'version: 9');
	await etcd.put('/coloop/policy', 'version: 9');
	await etcd.put(`${prefix}10-a.yaml`, allows('v1'));
	await host.until(loaded => peersOf(loaded) === 'v1' && loaded.errors.length === 0);
});
