// SPDX-License-Identifier: MIT
import {mkdtemp, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openHeld} from '../../../userland/daemon/held.ts';

test('what is held is held by the next daemon too', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'run', 'held.json');
	const held = await openHeld(file);
	await held.hold(['b']);
	await held.hold(['web-1', 'db-1']);
	t.is((await stat(file)).mode & 0o777, 0o600);

	const next = await openHeld(file);
	t.deepEqual([...next.peers], ['b']);
	t.true(next.isPair('db-1', 'web-1'));
	t.false(next.isPair('db-1', 'b'));
	await next.release(['db-1', 'web-1']);
	await next.release(['b']);
	const last = await openHeld(file);
	t.deepEqual([...last.peers], []);
	t.false(last.isPair('db-1', 'web-1'));
	await rm(folder, {recursive: true});
});

test('a file that does not parse holds nothing', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, 'held.json');
	for (const text of ['', '{', '{"peers":7,"pairs":[]}', '[]']) {
		await writeFile(file, text);
		t.deepEqual([...(await openHeld(file)).peers], []);
	}
	await rm(folder, {recursive: true});
});
