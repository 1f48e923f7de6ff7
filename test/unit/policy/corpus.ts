// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {parse} from 'yaml';
import {z} from 'zod';
import {formatProblem, PolicyError} from '../../../userland/policy/errors.ts';
import {loadFile} from '../../../userland/policy/load.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {lint} from '../../../userland/cli/lint.ts';

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

const schema = z.fromJSONSchema(JSON.parse(readFileSync('policy/schema.json', 'utf8')));

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

function placesIn(text: string): string[] {
	try {
		parsePolicy(text, 'x.yaml');

		return [];
	} catch (error) {
		if (!(error instanceof PolicyError)) {
			throw error;
		}

		return error.problems.map(problem =>
			formatProblem(problem).replace(
				/^x\.yaml:(\d+:\d+): error: (.*?): expected .*$/s,
				'$1: $2',
			),
		);
	}
}

async function* inPieces(text: string): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += 7) {
		yield bytes.subarray(at, at + 7);
	}
}

/** Mostly what it should be. */
const mostly = <T, U>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<U>) =>
	fc.oneof<[fc.WeightedArbitrary<T>, fc.WeightedArbitrary<U>]>(
		{weight: 40, arbitrary: good},
		{weight: 1, arbitrary: bad},
	);
const oneOf = (good: unknown[], bad: unknown[]) =>
	mostly(fc.constantFrom(...good), fc.constantFrom(...bad, ...odd));
const odd = [null, 7, true, [], {}, ['a'], {tag: 'a b'}, -1, 1.5, ''];
const maybe = (good: fc.Arbitrary<unknown>) => mostly(good, fc.constantFrom(...odd));
const uuid = oneOf(['9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'], ['9F2C', 'a']);
const text = oneOf(['a', 'web-*', 'dom0', 'any-guest', '😀', '7'], ['a\u0000', 'x'.repeat(257)]);
const tag = oneOf(['a', 'A.b-c_9', '7'], [' ', '.a', 'a*', 'é']);
const member = fc.oneof(text, fc.record({name: text}), fc.record({uuid}));
const who = mostly(
	fc.oneof(member, fc.record({tag})),
	fc.record({uuid, name: text, tag, domid: fc.constant(7)}, {requiredKeys: []}),
);
const options = {
	ring_pages: oneOf([32, 64, 512], [48, '64']),
	queues: oneOf([1, 8], [3]),
	idle_timeout_s: oneOf([10, 86_400], [9, 86_401, 'never']),
	on_demand: oneOf(['yes', 'no', true, false], ['never', 'No']),
	mode: oneOf(['audit', 'enforce'], ['log']),
};
const busy = {busy_poll_us: oneOf([0, 1000], [1001])};
const ruleOf = (whom: fc.Arbitrary<unknown>, more = {}) =>
	mostly(
		fc.oneof(
			fc.record({deny: whom}),
			fc.record({allow: whom, ...options, ...more}, {requiredKeys: ['allow']}),
		),
		fc.record({allow: whom, deny: whom, ...options, ...busy}, {requiredKeys: []}),
	);
const rulesOf = (rule: fc.Arbitrary<unknown>) => maybe(fc.array(maybe(rule), {maxLength: 3}));
const sections = {
	version: oneOf([1], [2, '1']),
	pairs: rulesOf(ruleOf(maybe(fc.tuple(who, who)))),
	accept: rulesOf(ruleOf(who, busy)),
	host_silence_s: oneOf([10, 86_400, 'never'], [9, 'Never']),
	memory_mib: oneOf([1, 65_536], [0, 65_537, '64']),
	tags: maybe(
		fc.dictionary(tag.map(String), maybe(fc.array(member, {maxLength: 2})), {maxKeys: 2}),
	),
	include: maybe(fc.array(oneOf(['a.yaml', '/b'], []), {maxLength: 2})),
};
const document = mostly(
	fc.record(sections, {requiredKeys: ['version']}),
	fc.record({...sections, pears: fc.constant(1)}, {requiredKeys: []}),
);

/** `COLOOP_RUNS=1000000 npx ava ...` for a night. */
const runs = Number(process.env['COLOOP_RUNS'] ?? 3000);

test('the schema and the parser agree on any document, and each problem has its place', t => {
	let valid = 0;
	const agree = (value: unknown) => {
		const json = JSON.stringify(value, undefined, 1);
		const problems = placesIn(json);
		valid += problems.length === 0 ? 1 : 0;
		const lines = json.split('\n').length;
		const places = problems.map(problem => Number(/^(\d+):\d+: \S/.exec(problem)?.[1]));

		return (
			places.every(line => line >= 1 && line <= lines) &&
			schema.safeParse(value).success === (problems.length === 0)
		);
	};
	t.notThrows(() => fc.assert(fc.property(document, agree), {numRuns: runs}));
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
