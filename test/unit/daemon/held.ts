// SPDX-License-Identifier: MIT
import {mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openHeld} from '../../../userland/daemon/held.ts';
import {createLog} from '../../../userland/daemon/log.ts';

const silent = createLog(() => {});

test('what is held is held by the next daemon too', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'run', 'held.json');
	const held = await openHeld(file, silent);
	await held.hold(['b']);
	await held.hold(['web-1', 'db-1']);
	t.is((await stat(file)).mode & 0o777, 0o600);

	const next = await openHeld(file, silent);
	t.deepEqual([...next.peers], ['b']);
	t.true(next.isPair('db-1', 'web-1'));
	t.false(next.isPair('db-1', 'b'));
	await next.release(['db-1', 'web-1']);
	await next.release(['b']);
	const last = await openHeld(file, silent);
	t.deepEqual([...last.peers], []);
	t.false(last.isPair('db-1', 'web-1'));
	await rm(folder, {recursive: true});
});

test('what changes at once is saved one after the other', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'held.json');
	const held = await openHeld(file, silent);
	const names = Array.from({length: 20}, (_, index) => `guest-${index}`);
	await Promise.all(names.map(name => held.hold([name, 'db-1'])));
	await Promise.all([
		held.hold(['b']),
		...names.slice(1).map(name => held.release([name, 'db-1'])),
	]);

	const lines: string[] = [];
	const next = await openHeld(
		file,
		createLog(line => lines.push(line)),
	);
	t.deepEqual([...next.peers], ['b']);
	t.deepEqual(
		names.filter(name => next.isPair(name, 'db-1')),
		['guest-0'],
	);
	t.deepEqual(lines, []);
	await rm(folder, {recursive: true});
});

test('a save that fails says so, and the next one is none the worse', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'run', 'held.json');
	const held = await openHeld(file, silent);
	await writeFile(join(folder, 'run'), 'in the way');
	await t.throwsAsync(held.hold(['b']));
	await rm(join(folder, 'run'));
	await held.hold(['c']);
	t.deepEqual([...(await openHeld(file, silent)).peers], ['b', 'c']);
	await rm(folder, {recursive: true});
});

test('a file that does not parse holds nothing, and the log says so', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'held.json');
	const lines: string[] = [];
	const log = createLog(line => lines.push(line));
	const texts = ['', '{', '{"peers":7,"pairs":[]}', '[]'];
	for (const text of texts) {
		await writeFile(file, text);
		t.deepEqual([...(await openHeld(file, log)).peers], []);
	}
	t.is(lines.length, texts.length);
	t.like(JSON.parse(lines[0] ?? ''), {level: 'warn', event: 'held.unread', file});
	await rm(folder, {recursive: true});
});
