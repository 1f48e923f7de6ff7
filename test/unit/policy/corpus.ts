// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {parse} from 'yaml';
import {loadFile} from '../../../userland/policy/load.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {lint} from '../../../userland/cli/lint.ts';
import {compare, placesIn, schema} from '../../policy-documents/agree.ts';
import {document} from '../../policy-documents/document.ts';

/*
 * test/fixtures/policies.txt has policies between lines `=== TITLE`; below `~~~` stands what is said of
 * it, `LINE:COL: WHERE`, a line each; where nothing stands the policy is a good one. `syntax` behind the title:
 * what is wrong is YAML's affair, of which JSON Schema knows nothing; `beyond`: what JSON Schema cannot say.
 */
type Case = {
	readonly title: string;
	readonly text: string;
	readonly told: readonly string[];
	readonly flags: readonly string[];
};

const cases: readonly Case[] = readFileSync('test/fixtures/policies.txt', 'utf8')
	.split(/^=== /m)
	.slice(1)
	.map(part => {
		const [head = '', ...rest] = part.split('\n');
		const [title = '', ...flags] = head.split(' | ');
		const [text = '', told = ''] = rest.join('\n').split(/^~~~\n/m);

		return {title, text, flags, told: told.split('\n').filter(line => line !== '')};
	});

test('there are many, and none twice', t => {
	t.true(cases.length >= 250, String(cases.length));
	t.is(new Set(cases.map(({title}) => title)).size, cases.length);
	t.is(new Set(cases.map(({text}) => text)).size, cases.length);
});

for (const {title, text, told, flags} of cases) {
	test(`${told.length === 0 ? 'good' : 'bad'}: ${title}`, async t => {
		t.deepEqual(placesIn(text), told);

		/* Lint, a pipe and the daemon say the same, word for word. */
		const daemon = await loadFile({name: '-', path: '-', content: Buffer.from(text)});
		const found = await lint(['-'], {side: undefined, input: inPieces(text)});
		t.deepEqual(found, {
			errors: daemon.errors.map(({message}) => message),
			warnings: daemon.warnings,
		});

		if (!flags.includes('syntax')) {
			const isValid = schema.safeParse(parse(text, {uniqueKeys: false})).success;
			t.is(isValid, told.length === 0 || flags.includes('beyond'));
		}
	});
}

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += 7) {
		yield bytes.subarray(at, at + 7);
	}
}

test('the schema and the parser agree on any document, and each problem has its place', t => {
	const runs = 3000;
	let valid = 0;
	const agrees = (value: unknown) => {
		const {agree, isValid} = compare(value);
		valid += isValid ? 1 : 0;

		return agree;
	};
	t.notThrows(() => fc.assert(fc.property(document, agrees), {numRuns: runs}));
	t.true(valid > runs / 5, `${valid} of ${runs} were valid`);
	t.log(`${valid} of ${runs} documents were valid`);
});

/** The manual's own. */
test('every example of the manual is a policy', t => {
	const manual = readFileSync('policy/README.md', 'utf8');
	const examples = [...manual.matchAll(/^```yaml\n(version[^`]*)^```/gm)].map(([, text]) => text);
	t.true(examples.length >= 6);
	for (const example of examples) {
		t.notThrows(() => parsePolicy(example ?? '', 'README.md'));
	}
});
