// SPDX-License-Identifier: MIT
import {readFile, stat} from 'node:fs/promises';
import test from 'ava';

type Row = {
	readonly rule: string;
	readonly code: readonly string[];
	readonly tests: readonly string[];
	readonly rest: string;
};

const rows = rowsOf(await readFile('SECURITY.md', 'utf8'));

function rowsOf(text: string): Row[] {
	return text.split('\n').flatMap(line => {
		const [, rule = '', , code = '', tests = '', rest = ''] = line
			.split('|')
			.map(cell => cell.trim());

		return /^R\d+$/.test(rule) ? [{rule, code: named(code), tests: named(tests), rest}] : [];
	});
}

function named(cell: string): string[] {
	return [...cell.matchAll(/`([^`]*)`/g)].map(([, name = '']) => name);
}

/** A file or folder and, after a `#`, words that the file must have. */
async function missing(name: string): Promise<string[]> {
	const [path = '', words] = name.split('#');
	if (words === undefined) {
		const found = await stat(path).catch(() => undefined);

		return found ? [] : [`${path} is not there`];
	}
	const text = await readFile(path, 'utf8').catch(() => undefined);

	return text?.includes(words) ? [] : [`${path} has no "${words}"`];
}

test('every rule has its row, in order', t => {
	const rules = Array.from({length: 24}, (_, at) => `R${at + 1}`);
	t.deepEqual(
		rows.map(({rule}) => rule),
		rules,
	);
});

for (const {rule, code, tests, rest} of rows) {
	test(`${rule} is kept where SECURITY.md says, and tested or said not to be`, async t => {
		const gone = await Promise.all([...code, ...tests].map(missing));
		t.deepEqual(gone.flat(), []);
		t.true(code.length > 0);
		t.true(tests.every(each => each.startsWith('test/')));
		t.true(tests.length > 0 || /\bno test\b/.test(rest));
	});
}

test('suites of the lab that check a promise are there', async t => {
	const text = await readFile('SECURITY.md', 'utf8');
	const suites = [...text.matchAll(/LAB_TESTS=(?:'([^']*)'|(\w+))/g)].flatMap(
		([, several, one = '']) => several?.split(' ') ?? [one],
	);
	t.true(suites.length > 20);
	const gone = await Promise.all(suites.map(suite => missing(`test/lab/tests/${suite}.ts`)));
	t.deepEqual(gone.flat(), []);
});

test('what is not there is found', async t => {
	t.deepEqual(await missing('kmod/ring.c#no_such_function'), [
		'kmod/ring.c has no "no_such_function"',
	]);
	t.deepEqual(await missing('kmod/no-such-file.c'), ['kmod/no-such-file.c is not there']);
	t.deepEqual(await missing('kmod/limits.h#COLOOP_STALL_MS'), []);
});
