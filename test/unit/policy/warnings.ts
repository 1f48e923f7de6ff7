// SPDX-License-Identifier: MIT
import test from 'ava';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {policyWarnings, type Side} from '../../../userland/policy/warnings.ts';

const warnings = (text: string, side?: Side) =>
	policyWarnings(parsePolicy(`version: 1\n${text}`, 'x.yaml'), side);
const accepting = (...names: string[]) =>
	warnings(`accept:\n${names.map(name => `  - allow: ${JSON.stringify(name)}\n`).join('')}`);

test('rules of people who mean what they write get none', t => {
	const names = [
		...[
			'web-1',
			'db-?',
			'3x',
			'Debian 12 (web)',
			'win/2019',
			'Сервер',
			'café',
			'vm [prod]',
			'dom0',
		],
		...['domain-01', 'uuid', 'user@host', 'a.b,c', 'deadbeef', 'Domain-0', 'DOMAIN\\pc', 'a|b'],
	];
	t.deepEqual(accepting(...names.slice(0, -1), '*'), []);
});

const odd: Array<readonly [name: string, says: RegExp]> = [
	['12', /is the name of a domain, not its domid/],
	[
		'9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001',
		/looks like a UUID, and is read as a name: write uuid: before it, without quotes$/,
	],
	['9F2C1B9E2F0E4A8E9D5A0D7C7A4F0001', /looks like a UUID/],
	['uuid:9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001', /looks like a UUID/],
	['uuid:6f9a*', /is read as a name, and .*: uuid: and tag: work without quotes/],
	['tag: secret', /is read as a name, and .*: uuid: and tag: work without quotes/],
	['@dom0', /is read as a name/],
	['any guest', /is read as a name/],
	['anyvm', /is read as a name/],
	...[
		'Dom0',
		'DOM0',
		'domain-0',
		'Domain 0',
		'dom-0',
		'domain0',
		'Control domain on host: xcp-1',
	].map(name => [name, /is not dom0, which is written dom0 or Domain-0/] as const),
	['web-[12]', /only \* and \? are wildcards/],
	['{web,db}-1', /only \* and \? are wildcards/],
	['^web$', /only \* and \? are wildcards/],
	['web|db', /only \* and \? are wildcards/],
	['web-1, db-1', /is one name: several need a rule each/],
	[' web', /begins or ends with a space/],
	[
		'web\u200b',
		/^x\.yaml:3:5: warning: accept: "web\\u\{200b\}" has characters that nobody sees/,
	],
	['я'.repeat(200), /has 400 bytes, more than 256: a domain of that name gets no channel/],
];

for (const [name, says] of odd) {
	test(`doubted: ${name.slice(0, 40)}`, t => {
		const [line, ...more] = accepting(name);
		t.regex(line ?? '', says);
		t.deepEqual(more, []);
	});
}

test('names that only look the same are told apart', t => {
	t.deepEqual(accepting('café', 'cafe\u0301', 'café*'), [
		'x.yaml:4:5: warning: accept: "cafe\u0301" looks like another name of this policy, and is spelled with other code points (Unicode NFC or NFD)',
	]);
	t.deepEqual(accepting('cafe\u0301'), []);
});

test('a rule that an earlier one hides is named with that one', t => {
	t.deepEqual(warnings("pairs:\n  - allow: ['*', '*']\n  - deny: [vault, '*']\n"), [
		'x.yaml:4:5: warning: pairs: x.yaml:3:5 comes first and decides all that this rule names',
	]);
	t.is(warnings("accept:\n  - deny: '*'\n  - allow: a\n").length, 1);
	t.deepEqual(warnings("pairs:\n  - deny: [vault, '*']\n  - allow: ['*', '*']\n"), []);
});

test('a tag that no file gives is told, one without members is not', t => {
	t.deepEqual(
		warnings('tags:\n  web: []\naccept:\n  - allow: {tag: web}\n  - deny: {tag: wbe}\n'),
		['x.yaml:6:5: warning: accept: expected a tag that a file gives under tags:, got wbe'],
	);
	t.deepEqual(warnings('pairs:\n  - allow: [any-guest, {name: any guest}]\n'), []);
});

test('a rule that an earlier one hides, by UUID, tag and word', t => {
	const uuid = '{uuid: 9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001}';
	const rules = (...whos: string[]) =>
		warnings(`tags: {x: [a]}\naccept:\n${whos.map(who => `  - deny: ${who}\n`).join('')}`).map(
			line => line.replace(/^x.yaml:(\d+):.* x.yaml:(\d+):5 comes first.*/, '$1 by $2'),
		);
	t.deepEqual(rules(uuid, '{tag: x}', 'any-guest', '{name: "*"}', '"*"'), []);
	t.deepEqual(rules('"*"', uuid, '{tag: x}', 'any-guest', '{name: "*"}'), [
		'5 by 4',
		'6 by 4',
		'7 by 4',
		'8 by 4',
	]);
	t.deepEqual(rules(uuid, 'a', uuid, '{tag: x}', '{tag: x}'), ['6 by 4', '8 by 7']);
});

test('rules for pairs in a guest', t => {
	const text = 'pairs:\n  - allow: [a, b]\n  - allow: [a, c]\n';
	t.is(warnings(text, 'guest').length, 1);
	t.deepEqual([...warnings(text, 'dom0'), ...warnings(text)], []);
	t.deepEqual(warnings('pairs: []\naccept: []\n', 'guest'), []);
});

test('a policy of oddities makes a short list', t => {
	const names = Array.from({length: 500}, (_, index) => String(index));
	const lines = accepting(...names);
	t.is(lines.length, 21);
	t.is(lines.at(-1), '... and 480 more warnings');
});
