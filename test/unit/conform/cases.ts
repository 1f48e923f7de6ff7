// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {repository} from '../../lab/paths.ts';

type Case = [subject: string, name: string, options: string[], fast: boolean];

const list = `
import json, sys
sys.path.insert(0, ${JSON.stringify(path.join(repository, 'test/conform/inside'))})
import case, drive
drive.load()
print(json.dumps([(each.subject, each.name, each.options, each.fast) for each in case.cases]))
`;

const cases = JSON.parse(
	execFileSync('python3', ['-B', '-c', list], {encoding: 'utf8'}),
) as readonly Case[];

test('every case has a name of its own, and options that there are', t => {
	const names = cases.map(([, name]) => name);
	t.deepEqual(
		names.filter((name, index) => names.indexOf(name) !== index),
		[],
	);
	const known = ['neighbours', 'opaque', 'fragments', 'segments', 'unseen', 'large', 'last'];
	for (const [, name, options] of cases) {
		t.true(
			options.every(each => known.includes(each)),
			name,
		);
	}
	t.true(cases.filter(([, , , fast]) => fast).length >= 25);
});

// Until `make conform` has run to its end on a machine there are no rows.
test("README's table, once it is written, has every case and no other", async t => {
	const document = await readFile(path.join(repository, 'test/README.md'), 'utf8');
	const table = /<!-- conform:[^]*<!-- \/conform -->/.exec(document)?.[0];
	t.truthy(table);
	const rows = (table?.split('\n') ?? [])
		.filter(line => line.startsWith('| '))
		.slice(2)
		.map(line =>
			line
				.split('|')
				.slice(1, 3)
				.map(cell => cell.trim()),
		);
	const isLast = ([, , options]: Case) => options.includes('last');
	const inOrder = [...cases.filter(each => !isLast(each)), ...cases.filter(isLast)];
	t.deepEqual(rows, rows.length === 0 ? [] : inOrder.map(([subject, name]) => [subject, name]));
});
