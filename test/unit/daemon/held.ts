// SPDX-License-Identifier: MIT
import {mkdir, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openHeld} from '../../../userland/daemon/held.ts';
import {ColoopError} from '../../../userland/errors.ts';
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
	t.true(next.peers.has('b'));
	t.false(next.peers.has('c'));
	t.true(next.isPair('db-1', 'web-1'));
	t.false(next.isPair('db-1', 'b'));
	await next.release(['db-1', 'web-1']);
	await next.release(['b']);
	const last = await openHeld(file, silent);
	t.false(last.peers.has('b'));
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
	t.true(next.peers.has('b'));
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
	const next = await openHeld(file, silent);
	t.true(next.peers.has('b') && next.peers.has('c'));
	await rm(folder, {recursive: true});
});

test('a name may hold any character', async t => {
	await withFile(async file => {
		const held = await openHeld(file, silent);
		await held.hold(['a\nb', 'c']);
		const next = await openHeld(file, silent);
		t.true(next.isPair('c', 'a\nb'));
		t.false(next.isPair('b\nc', 'a'));
	});
});

for (const [what, text] of [
	['an empty file', ''],
	['half a file', '{"peers":["web"'],
	['another type', '{"peers":7,"pairs":[]}'],
	['a list', '[]'],
	['a pair of one', '{"peers":[],"pairs":[["web"]]}'],
	['a pair of three', '{"peers":[],"pairs":[["a","b","c"]]}'],
	['a key that is none', '{"peers":[],"pairs":[],"pears":["web"]}'],
	['no pairs', '{"peers":[]}'],
] as const) {
	test(`${what} holds everything, changes nothing, and says so`, async t => {
		await withFile(async file => {
			await writeFile(file, text);
			const lines: string[] = [];
			const held = await openHeld(
				file,
				createLog(line => lines.push(line)),
			);
			t.true(held.peers.has('any'));
			t.true(held.isPair('any', 'other'));
			t.true(held.problem?.includes(file), held.problem);
			t.like(JSON.parse(lines[0] ?? ''), {level: 'error', event: 'held.unread', file});
			for (const act of [held.hold, held.release]) {
				const error = await t.throwsAsync(act(['web']), {instanceOf: ColoopError});
				t.is(error.hint, `mend or remove ${file}, then restart coloopd`);
			}
			t.is(await readFile(file, 'utf8'), text);

			await rm(file);
			const mended = await openHeld(file, silent);
			t.false(mended.peers.has('any'));
			t.is(mended.problem, undefined);
		});
	});
}

test('a file that cannot be read holds everything, too', async t => {
	await withFile(async file => {
		await mkdir(file);
		const held = await openHeld(file, silent);
		t.true(held.isPair('any', 'other'));
		t.regex(held.problem ?? '', /EISDIR/);
	});
});

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	try {
		await use(join(folder, 'held.json'));
	} finally {
		await rm(folder, {recursive: true});
	}
}
