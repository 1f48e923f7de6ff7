// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {formatProblem, PolicyError} from '../../../userland/policy/errors.ts';
import {decideAccept, decidePair} from '../../../userland/policy/match.ts';
import {maxFileBytes, parsePolicy} from '../../../userland/policy/parse.ts';

test('a file becomes rules that know where they stand', t => {
	const policy = parsePolicy(
		`version: 1
pairs:
  - allow: [web-*, db-1]
    ring_pages: 256
    ring_pages_min: 64
    queues: 2
  - deny: ['*', vault]
accept:
  - allow: db-1
    busy_poll_us: 50
  - deny: '*'
host_silence_s: 600
`,
		'30-site.yaml',
	);
	const source = (line: number) => ({file: '30-site.yaml', line, column: 5});

	t.deepEqual(policy, {
		pairs: [
			{
				action: 'allow',
				between: ['web-*', 'db-1'],
				ringPages: 256,
				ringPagesMin: 64,
				queues: 2,
				source: source(3),
			},
			{
				action: 'deny',
				between: ['*', 'vault'],
				ringPages: undefined,
				ringPagesMin: undefined,
				queues: undefined,
				source: source(7),
			},
		],
		accept: [
			{
				action: 'allow',
				peer: 'db-1',
				ringPages: undefined,
				ringPagesMin: undefined,
				queues: undefined,
				busyPollUs: 50,
				source: source(9),
			},
			{
				action: 'deny',
				peer: '*',
				ringPages: undefined,
				ringPagesMin: undefined,
				queues: undefined,
				busyPollUs: undefined,
				source: source(11),
			},
		],
		hostSilence: {seconds: 600, source: {file: '30-site.yaml', line: 12, column: 17}},
	});
});

test('names may be any that xl or XAPI show', t => {
	const names = ['Debian 12 (web)', 'win/2019', 'Сервер', 'café', ' a ', "it's", '数据库 😀'];
	const rules = names.map(name => `  - allow: ${JSON.stringify(name)}\n`).join('');
	const policy = parsePolicy(`version: 1\naccept:\n${rules}`, 'x.yaml');

	t.deepEqual(
		policy.accept.map(({peer}) => peer),
		names,
	);
	for (const name of names) {
		t.is(decideAccept(policy, name).action, 'allow', name);
	}
	const plain = parsePolicy(
		'version: 1\npairs:\n  - allow: [Debian 12 (web), Сервер]\n',
		'x.yaml',
	);
	t.is(decidePair(plain, 'Сервер', 'Debian 12 (web)').action, 'allow');
	t.is(decidePair(plain, 'Сервер', 'Debian?12??web?').action, 'deny');
});

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';

test('whom a rule names may be a UUID, a tag, an exact name or any guest', t => {
	const policy = parsePolicy(
		`version: 1
tags:
  web: [web-*, uuid: ${uuid.toUpperCase()}]
  db: []
pairs:
  - allow: [tag: web, any-guest]
    idle_timeout_s: 300
    on_demand: no
    mode: audit
accept:
  - deny: {name: web-*}
  - allow:
      uuid: ${uuid}
    on_demand: true
    mode: enforce
`,
		'x.yaml',
	);
	const source = (line: number, column: number) => ({file: 'x.yaml', line, column});
	const rings = {ringPages: undefined, ringPagesMin: undefined, queues: undefined};

	t.deepEqual(policy.tags, [
		{tag: 'web', members: ['web-*', {uuid}], source: source(3, 8)},
		{tag: 'db', members: [], source: source(4, 7)},
	]);
	t.deepEqual(policy.pairs[0], {
		...{action: 'allow', between: [{tag: 'web'}, 'any-guest'], ...rings},
		...{idleTimeoutS: 300, isOnDemand: false, isAudit: true, source: source(6, 5)},
	});
	t.deepEqual(
		policy.accept.map(({peer}) => peer),
		[{name: 'web-*'}, {uuid}],
	);
	t.like(policy.accept[1], {isOnDemand: true, isAudit: false});
});

test('sections may be absent or empty', t => {
	t.deepEqual(parsePolicy('version: 1', 'a.yaml'), {
		pairs: [],
		accept: [],
		hostSilence: undefined,
	});
	t.deepEqual(parsePolicy('version: 1\npairs: []\n', 'a.yaml'), {
		pairs: [],
		accept: [],
		hostSilence: undefined,
	});
});

const wrong: readonly (readonly [title: string, text: string, ...problems: string[]])[] = [
	[
		'nothing',
		'',
		'1:1: error: policy: expected a policy, which starts with "version: 1", got nothing',
	],
	[
		'a list',
		'- a',
		'1:1: error: policy: expected a policy, which starts with "version: 1", got a list of 1',
	],
	['no version', 'pairs: []', '1:1: error: version: expected 1, got nothing'],
	['another version', 'version: 2', '1:10: error: version: expected 1, got 2'],
	[
		'an unknown key',
		'version: 1\npears: []',
		'2:1: error: pears: expected version, include, pairs, accept, tags, limits, host_silence_s or memory_mib, got pears',
	],
	[
		'a prototype',
		'version: 1\n__proto__: {}',
		'2:1: error: __proto__: expected version, include, pairs, accept, tags, limits, host_silence_s or memory_mib, got __proto__',
	],
	[
		'a duplicate key',
		'version: 1\nversion: 1',
		'2:1: error: version: expected each key once, got it again',
	],
	[
		'a ring that is no power of two',
		'version: 1\npairs:\n  - allow: [a, b]\n    ring_pages: 3',
		'4:17: error: pairs[0].ring_pages: expected a power of two from 32 to 512, got 3',
	],
	[
		'a least ring that is no power of two',
		'version: 1\naccept:\n  - allow: a\n    ring_pages_min: 48',
		'4:21: error: accept[0].ring_pages_min: expected a power of two from 32 to 512, got 48',
	],
	[
		'a least ring above the largest',
		'version: 1\npairs:\n  - allow: [a, b]\n    ring_pages_min: 128\n    ring_pages: 64',
		'4:21: error: pairs[0].ring_pages_min: expected at most ring_pages, which is 64, got 128',
	],
	[
		'a least ring above the usual one',
		'version: 1\naccept:\n  - allow: a\n    ring_pages_min: 512',
		'4:21: error: accept[0].ring_pages_min: expected at most ring_pages, which is 256, got 512',
	],
	[
		'a number of queues that nobody has',
		'version: 1\naccept:\n  - allow: a\n    queues: 3',
		'4:13: error: accept[0].queues: expected 1, 2, 4 or 8, got 3',
	],
	...['1001', '-1', '2.5', '"50"', '.inf', '.nan'].map(
		text =>
			[
				`a time to wait of ${text}`,
				`version: 1\naccept:\n  - allow: a\n    busy_poll_us: ${text}`,
				`4:19: error: accept[0].busy_poll_us: expected a whole number of microseconds from 0 to 1000, got ${spoken(text)}`,
			] as const,
	),
	...['-1', '4097', '1.5', '"1024"', 'null', '[]'].map(
		text =>
			[
				`frag pages of ${text}`,
				`version: 1\naccept:\n  - allow: a\n    frag_pages: ${text}`,
				`4:17: error: accept[0].frag_pages: expected a whole number of pages from 0 to 4096, got ${spoken(text)}`,
			] as const,
	),
	[
		'pages granted by dom0, for others',
		'version: 1\npairs:\n  - allow: [a, b]\n    frag_pages: 1024',
		'4:5: error: pairs[0].frag_pages: expected only allow, ring_pages, ring_pages_min, queues, idle_timeout_s, on_demand, only, except and mode in this rule, got frag_pages',
	],
	...['9', '86401', '60.5', '"60"', 'Never', 'null', '[]'].map(
		text =>
			[
				`a silence of ${text}`,
				`version: 1\nhost_silence_s: ${text}`,
				`2:17: error: host_silence_s: expected a whole number of seconds from 10 to 86400, or never, got ${spoken(text)}`,
			] as const,
	),
	[
		'a time to wait for others',
		'version: 1\npairs:\n  - allow: [a, b]\n    busy_poll_us: 50',
		'4:5: error: pairs[0].busy_poll_us: expected only allow, ring_pages, ring_pages_min, queues, idle_timeout_s, on_demand, only, except and mode in this rule, got busy_poll_us',
	],
	[
		'allow and deny in one rule',
		'version: 1\naccept:\n  - allow: a\n    deny: b',
		'4:5: error: accept[0].deny: expected only allow, ring_pages, ring_pages_min, queues, idle_timeout_s, on_demand, only, except, mode, busy_poll_us and frag_pages in this rule, got deny',
	],
	[
		'a ring for a denied pair',
		'version: 1\npairs:\n  - deny: [a, b]\n    ring_pages: 64',
		'4:5: error: pairs[0].ring_pages: expected only deny in this rule, got ring_pages',
	],
	[
		'a rule of nothing',
		'version: 1\npairs:\n  - {}',
		'3:5: error: pairs[0]: expected a rule: "allow:" or "deny:" and its names, got a map',
	],
	[
		'a list left empty',
		'version: 1\npairs:',
		'2:7: error: pairs: expected a list of rules, each starting with "- ", got nothing',
	],
	[
		'two problems, both told',
		'version: 1\npairs:\n  - allow: [a]\n  - allow: [a, 7]',
		'3:12: error: pairs[0].allow: expected a list of two names, as in [web-*, db-1], got a list of 1',
		'4:16: error: pairs[1].allow[1]: expected a name or pattern (in quotes, if YAML reads it as something else), or uuid:, tag: or name: and its value, got 7',
	],
	...[
		['a name without characters', '""', '""'],
		['a name that moves the cursor', '"a\\e[2Jb"', '"a\\u001b[2Jb"'],
		['a name of two lines', '"a\\nb"', '"a\\nb"'],
		['a name with half of an emoji', '"a\\uD83D"', '"a\\ud83d"'],
		['a name that was no UTF-8', '"caf\uFFFD"', '"caf\uFFFD"'],
		['a name that is too long', 'я'.repeat(257), `"${'я'.repeat(28)}…`],
	].map(
		([title = '', text = '', got = '']) =>
			[
				title,
				`version: 1\naccept: [{allow: ${text}}]`,
				`2:18: error: accept[0].allow: expected a name or pattern of 1 to 256 characters, none a control character, got ${got}`,
			] as const,
	),
	[
		'a star without quotes',
		'version: 1\npairs:\n  - deny: [*, vault]',
		"3:12: error: yaml: expected a value, got *, an alias (a pattern that begins with * needs quotes, as in '*')",
	],
	[
		'a pattern without quotes',
		'version: 1\naccept:\n  - deny: *-db',
		"3:11: error: accept[0].deny: expected a value, got *-db, an alias (a pattern that begins with * needs quotes, as in '*')",
	],
	['an anchor', 'version: &v 1', '1:13: error: version: expected no anchor, got &v'],
	[
		'a tag',
		'version: !!int 1',
		'1:16: error: version: expected no tag, got tag:yaml.org,2002:int',
	],
	[
		'a directive',
		'%YAML 1.1\n---\nversion: 1',
		'1:1: error: yaml: expected no directive, got %YAML',
	],
	[
		'a key that is a list',
		'version: 1\n? [a]\n: b',
		'2:3: error: policy: expected keys that are words, got another kind of key',
	],
	[
		'two documents',
		'version: 1\n---\nversion: 1',
		'2:1: error: yaml: expected one document, got another',
	],
	[
		'a UUID that is none',
		'version: 1\naccept:\n  - allow: {uuid: 9f2c1b9e}',
		'3:19: error: accept[0].allow.uuid: expected a UUID, as in 9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001, got "9f2c1b9e"',
	],
	[
		'a tag of digits',
		'version: 1\npairs:\n  - allow: [tag: 7, a]',
		'3:18: error: pairs[0].allow[0].tag: expected a tag of 1 to 32 letters, digits, dots, - and _ (in quotes, if all are digits), got 7',
	],
	[
		'another way to name a domain',
		'version: 1\npairs:\n  - deny: [a, {domid: 7}]',
		'3:15: error: pairs[0].deny[1]: expected a name or pattern (in quotes, if YAML reads it as something else), or uuid:, tag: or name: and its value, got a map',
	],
	[
		'two ways to name one domain',
		`version: 1\naccept:\n  - deny: {name: a, uuid: ${uuid}}`,
		'3:21: error: accept[0].deny.uuid: expected one key here, got uuid too',
	],
	[
		'a tag in a tag',
		'version: 1\ntags:\n  web: [{tag: db}]',
		'3:9: error: tags.web[0]: expected a name or pattern (in quotes, if YAML reads it as something else), or uuid: or name: and its value, got a map',
	],
	[
		'a tag with a space',
		'version: 1\ntags:\n  "a b": [c]',
		'3:3: error: tags."a b": expected a tag of 1 to 32 letters, digits, dots, - and _ (in quotes, if all are digits), got "a b"',
	],
	[
		'a tag without a list',
		'version: 1\ntags:\n  web: web-1',
		'3:8: error: tags.web: expected a list of names, patterns and UUIDs, got "web-1"',
	],
	[
		'tags in a list',
		'version: 1\ntags: [web]',
		'2:7: error: tags: expected tags, each with a list of names, patterns and UUIDs, got a list of 1',
	],
	[
		'a short time without traffic',
		'version: 1\npairs:\n  - allow: [a, b]\n    idle_timeout_s: 1',
		'4:21: error: pairs[0].idle_timeout_s: expected a whole number of seconds from 10 to 86400, got 1',
	],
	[
		'a mode and a demand that nobody knows',
		'version: 1\naccept:\n  - allow: a\n    mode: log\n    on_demand: never',
		'5:16: error: accept[0].on_demand: expected yes or no, got "never"',
		'4:11: error: accept[0].mode: expected enforce or audit, got "log"',
	],
	[
		'what is no list of paths',
		'version: 1\ninclude: common.yaml',
		'2:10: error: include: expected a list of paths, got "common.yaml"',
	],
	[
		'what are no paths',
		'version: 1\ninclude: [7, ""]',
		'2:11: error: include[0]: expected the path of a file, got 7',
		'2:14: error: include[1]: expected the path of a file, got ""',
	],
	[
		'a tab',
		'version: 1\npairs:\n\t- a',
		'3:1: error: yaml: expected spaces at the beginning of a line, got a tab',
	],
	[
		'a rule that a comment hides, where lines end as on old Macs',
		'version: 1\n# Nobody:\raccept:\r  - deny: "*"\n',
		'2:10: error: yaml: expected lines that end with \\n or \\r\\n, got \\r alone',
	],
	[
		'a quote left open',
		"version: 1\npairs: 'x",
		"2:10: error: yaml: expected ' at the end of a text, got none",
	],
	[
		'a number of queues and a least ring, both told',
		'version: 1\npairs:\n  - allow: [a, b]\n    ring_pages: 64\n    ring_pages_min: 128\n    queues: 3',
		'6:13: error: pairs[0].queues: expected 1, 2, 4 or 8, got 3',
		'5:21: error: pairs[0].ring_pages_min: expected at most ring_pages, which is 64, got 128',
	],
	[
		'a NUL',
		'version: 1\naccept:\n  - allow: [a\0, b]',
		'3:14: error: yaml: expected text, got the character \\u{0}',
	],
	[
		'a line too far to the left',
		'version: 1\npairs:\n  - allow: [a, b]\n    ring_pages: 64\n   queues: 2',
		'5:1: error: yaml: expected "- " where a rule begins, got a line without',
	],
	[
		'a section too far to the right',
		'version: 1\n pairs: []',
		'1:10: error: yaml: expected one key in a line (text with ": " in it needs quotes), got two',
	],
	[
		'rules that begin in two columns',
		'version: 1\npairs:\n  - allow: [a, b]\n - deny: [a, b]',
		'4:1: error: yaml: expected what belongs together in one column, got another column',
	],
	[
		'a bracket left open',
		'version: 1\npairs:\n  - allow: [a, b\n  - deny: [a, b]',
		'4:3: error: yaml: expected brackets to be closed, and lines in them further in, got a line further out',
	],
	[
		'a section without its colon',
		'version: 1\npairs\n  - allow: [a, b]',
		'2:1: error: yaml: expected "key: value" or "- " in one column, got a line that is neither',
	],
	[
		'a name that begins with what YAML keeps',
		'version: 1\naccept:\n  - allow: @a',
		'3:12: error: yaml: expected quotes around a text that begins with @, got none',
	],
	[
		'a backslash in double quotes',
		'version: 1\naccept:\n  - allow: "win\\2019"',
		'3:16: error: yaml: expected an escape that YAML has, or \\\\ for \\, got \\2',
	],
	[
		'text behind quotes',
		'version: 1\naccept:\n  - allow: "a" b',
		'3:16: error: yaml: expected the next line or a comma, got more behind a value',
	],
	[
		'a name that begins with &',
		'version: 1\naccept:\n  - allow: &',
		'3:12: error: yaml: expected a value, got & (text that begins with it needs quotes)',
	],
	[
		'half a million brackets',
		'['.repeat(500_000),
		'1:17: error: yaml: expected at most 8 levels, got more',
	],
	[
		'half a million dashes',
		'- '.repeat(500_000),
		'1:32: error: yaml: expected at most 8 levels, got more',
	],
	[
		'a huge file',
		`version: 1\n#${' '.repeat(maxFileBytes)}`,
		'1:1: error: file: expected at most 1048576 bytes, got 1048588',
	],
];

/** As a problem has a number of YAML. */
function spoken(text: string): string {
	const words = {'.inf': 'Infinity', '.nan': 'NaN', Never: '"Never"', null: 'nothing'};

	return {...words, '[]': 'a list of 0'}[text] ?? text;
}

for (const [title, text, ...problems] of wrong) {
	test(`refused: ${title}`, t => {
		const error = t.throws(() => parsePolicy(text, 'x.yaml'), {instanceOf: PolicyError});

		t.deepEqual(
			error.problems.map(formatProblem),
			problems.map(problem => `x.yaml:${problem}`),
		);
		t.is(error.code, 'POLICY');
	});
}

test('bytes that are no UTF-8 are refused where they stand', t => {
	const bytes = Uint8Array.from([...Buffer.from('version: 1\n# caf'), 0xe9, 0x0a]);
	const error = t.throws(() => parsePolicy(bytes, 'x.yaml'), {instanceOf: PolicyError});

	t.is(error.message, 'x.yaml:2:6: error: file: expected UTF-8, got other bytes');
});

test('a file of errors makes a short message and a long list', t => {
	const text = `version: 1\npairs:\n${'  - allow: 1\n'.repeat(1000)}`;
	const error = t.throws(() => parsePolicy(text, 'x.yaml'), {instanceOf: PolicyError});

	t.is(error.problems.length, 20);
	t.is(error.message.split('\n').length, 21);
	t.true(error.message.endsWith('... and 980 more'));
});

test('only what is shown of a broken megabyte is worked out', t => {
	const keys = Array.from({length: 60_000}, (_, index) => `k${index}: 1`).join('\n');
	const error = t.throws(() => parsePolicy(`version: 1\n${keys}`, 'x.yaml'), {
		instanceOf: PolicyError,
	});

	t.is(error.problems.length, 20);
	t.true(error.message.endsWith('... and 59980 more'));
});

test('an alias bomb is refused before it is expanded', t => {
	const levels = [...'abcdefgh'].map(
		(name, index) =>
			`${name}: &${name} [${index === 0 ? 'x' : `*${'abcdefgh'[index - 1]},`.repeat(9)}]`,
	);

	t.throws(() => parsePolicy(levels.join('\n'), 'x.yaml'), {instanceOf: PolicyError});
});

/** Either rules, or a PolicyError each of whose problems has a place inside the file. */
function neverUntyped(text: string | Uint8Array): boolean {
	try {
		parsePolicy(text, 'x.yaml');

		return true;
	} catch (error) {
		if (!(error instanceof PolicyError) || error.problems.length === 0) {
			throw error;
		}
		const lines = Buffer.from(text)
			.toString()
			.split(/\r\n|\n|\r/).length;

		return error.problems.every(
			problem =>
				problem.line >= 1 &&
				problem.line <= lines &&
				problem.column >= 1 &&
				/^x\.yaml:\d+:\d+: error: [^\n]+: expected [^\n]+, got [^\n]*$/.test(
					formatProblem(problem),
				),
		);
	}
}

test('any bytes: rules or a typed error with a position', t => {
	t.notThrows(() =>
		fc.assert(fc.property(fc.uint8Array({maxLength: 200}), neverUntyped), {numRuns: 1000}),
	);
});

const yamlish = fc
	.array(
		fc.constantFrom(
			...[
				'version: 1',
				'version',
				'pairs',
				'accept',
				'allow',
				'deny',
				'queues',
				'ring_pages',
				'ring_pages_min',
				'busy_poll_us',
				': ',
				':',
				'- ',
				'\n',
				'\n  ',
			],
			...[
				'\n    ',
				'[',
				']',
				'{',
				'}',
				', ',
				'*',
				'&a ',
				'*a',
				'!!str ',
				"'",
				'"',
				'|',
				'>',
				'#',
				'? ',
				'---\n',
				'\t',
			],
			...[
				'web-1',
				'a',
				'64',
				'1e3',
				'null',
				'~',
				'%YAML 1.1\n',
				'\\',
				'\0',
				'\u2028',
				'\r',
				'<<',
				'__proto__',
			],
		),
		{maxLength: 40},
	)
	.map(parts => parts.join(''));

test('any mixture of YAML: rules or a typed error with a position', t => {
	t.notThrows(() => fc.assert(fc.property(yamlish, neverUntyped), {numRuns: 3000}));
});

test('any value: rules or a typed error with a position', t => {
	const rule = fc.record(
		{
			...{allow: fc.anything(), deny: fc.anything()},
			...{ring_pages: fc.anything(), ring_pages_min: fc.anything()},
			...{queues: fc.anything(), busy_poll_us: fc.anything()},
		},
		{requiredKeys: []},
	);
	const document = fc.record({
		version: fc.constantFrom(1, 2),
		pairs: fc.array(rule),
		accept: fc.array(rule),
	});
	const text = fc
		.oneof(fc.jsonValue(), document)
		.map(value => JSON.stringify(value, undefined, 1) ?? '');

	t.notThrows(() => fc.assert(fc.property(text, neverUntyped), {numRuns: 1000}));
});
