// SPDX-License-Identifier: MIT
//
// What the documents name is there: files and headings behind links, commands, targets, tests, XenStore's nodes and words.
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test from 'ava';
import type {Command} from 'commander';
import {programOf} from '../../userland/cli/main.ts';
import {program} from '../../userland/daemon/main.ts';
import {describeProgram, type Described} from '../../userland/manual/program.ts';
import {hasEnforcement, hasLinkState, hasWords} from '../../userland/xenstore/features.ts';
import {hostAlive, pathsOf} from '../../userland/xenstore/paths.ts';
import {renderAnnouncement} from '../../userland/xenstore/announcement.ts';
import {renderHello, parseHello} from '../../userland/xenstore/values.ts';
import {parseLimits} from '../../userland/limits.ts';

const documents = execFileSync('git', ['ls-files', '*.md'], {encoding: 'utf8'})
	.split('\n')
	.filter(path => path !== '' && existsSync(path));
const read = (path: string) => readFileSync(path, 'utf8');

/** Of GitHub's: small letters, no punctuation, dashes for spaces. */
function anchors(text: string): Set<string> {
	const headings = withoutBlocks(text).match(/^#{1,6} .*$/gm) ?? [];

	return new Set(
		headings.map(heading =>
			heading
				.replace(/^#+ /, '')
				.toLowerCase()
				.replace(/[^\p{L}\p{N} _-]/gu, '')
				.replaceAll(' ', '-'),
		),
	);
}

function withoutBlocks(text: string): string {
	return text.replace(/^```.*?^```$/gms, '');
}

for (const path of documents) {
	test(`links of ${path} lead somewhere`, t => {
		const links = [...withoutBlocks(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(
			([, target = '']) => target,
		);
		const broken = links.filter(link => {
			if (/^[a-z]+:/.test(link)) {
				return false;
			}
			const [file = '', anchor] = link.split('#');
			const target = file === '' ? path : join(dirname(path), file);

			return (
				!existsSync(target) || (anchor !== undefined && !anchors(read(target)).has(anchor))
			);
		});
		t.deepEqual(broken, []);
	});
}

/** In spans and blocks of code. */
function codeOf(text: string): string[] {
	const blocks = [...text.matchAll(/^```[a-z]*\n(.*?)^```$/gms)].map(([, code = '']) => code);
	const indented = text.match(/^ {4}.*$/gm) ?? [];
	const spans = [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

	return [...blocks, ...indented, ...spans].flatMap(code => code.split('\n'));
}

const forPeople = [
	'README.md',
	'CONTRIBUTING.md',
	'SECURITY.md',
	'CHANGELOG.md',
	'policy/README.md',
	'userland/README.md',
	'monitoring/README.md',
	'packaging/README.md',
	'kmod/README.md',
].concat(documents.filter(path => path.startsWith('docs/')));
const lines = forPeople.flatMap(path => codeOf(read(path)).map(code => ({path, code})));

/** `coloop`, `coloop policy`, `coloop policy lint`, `coloopd` and their options. */
const flags = new Map([coloop(), program()].flatMap(each => flagsOf(describeProgram(each))));
/* `coloop` is `coloop list`. */
flags.get('coloop list')?.forEach(flag => flags.get('coloop')?.add(flag));

function flagsOf(described: Described, before = ''): Array<readonly [string, Set<string>]> {
	const name = `${before}${described.name}`;
	const own = described.flags.flatMap(({short, long}) => [short ?? [], long ?? []].flat());

	return [
		[name, new Set(own)],
		...described.commands.flatMap(command => flagsOf(command, `${name} `)),
	];
}

function coloop(): Command {
	return programOf({console: {out() {}, err() {}, now: () => 0}, exit: {status: 0}, raw() {}});
}

test('commands of coloop that documents name are there', t => {
	const known = new Set(
		[...flags.keys()].map(name => name.replace('coloop ', '')).concat('help'),
	);
	const named = lines.flatMap(({path, code}) =>
		[...code.matchAll(/(?:^\s*|\$ )coloop ([a-z]+)(?: ([a-z]+))?/g)].map(
			([, command = '', sub = '']) => ({path, command, sub}),
		),
	);
	t.true(named.length > 10);
	t.deepEqual(
		named.filter(({command}) => !known.has(command)),
		[],
	);
	const policies = named.filter(({command, sub}) => command === 'policy' && sub !== '');
	t.deepEqual(
		policies.filter(({sub}) => !known.has(`policy ${sub}`)),
		[],
	);
});

test('options of coloop and coloopd that documents name are there', t => {
	const named = lines.flatMap(({path, code}) => optionsIn(code).map(each => ({path, ...each})));
	t.true(named.length > 10);
	t.deepEqual(
		named.filter(({command, option}) => !flags.get(command)?.has(option)),
		[],
	);
});

/** `-d` of `coloop policy test`, where a line has `coloop policy test a b -d DIR`. */
function optionsIn(code: string): Array<{command: string; option: string}> {
	const line = /(?:^\s*|\$ )(coloopd?\b[^#|;&]*)/.exec(code)?.[1] ?? '';
	const words = line.trim().split(/[\s[\]]+/);
	const command = [3, 2, 1]
		.map(count => words.slice(0, count).join(' '))
		.find(name => flags.has(name));

	return command === undefined
		? []
		: words
				.filter(word => /^--?[a-z]/.test(word))
				.map(option => ({command, option: option.replace(/=.*/, '')}));
}

test('options in a line are those of the longest command that it names', t => {
	t.deepEqual(optionsIn('    $ coloop policy test a b -d DIR   # --no'), [
		{command: 'coloop policy test', option: '-d'},
	]);
	t.deepEqual(optionsIn('coloop show [A [B]] -j'), [{command: 'coloop show', option: '-j'}]);
	t.deepEqual(optionsIn('apt purge coloop --yes'), []);
});

test('targets of make that documents name are there', t => {
	const makefile = read('Makefile');
	const targets = lines.flatMap(({path, code}) =>
		[...code.matchAll(/(?:^|[\s;])make ([a-z][a-z0-9-]*)/g)].map(([, target = '']) => ({
			path,
			target,
		})),
	);
	t.true(targets.length > 10);
	t.deepEqual(
		targets.filter(({target}) => !new RegExp(`^${target}:`, 'm').test(makefile)),
		[],
	);
});

test('tests that documents name are there', t => {
	const named = documents.flatMap(path =>
		[...read(path).matchAll(/build\/ts\/([\w/.-]+)\.js\b/g)].map(([, file = '']) => ({
			path,
			file,
		})),
	);
	t.deepEqual(
		named.filter(({file}) => !/[A-Z]/.test(file) && !existsSync(`${file}.ts`)),
		[],
	);
});

test('userland/README.md maps every folder, and every file that is in none', t => {
	const files = execFileSync('git', ['ls-files', 'userland'], {encoding: 'utf8'}).split('\n');
	const names = files.flatMap(path => {
		const [, first = '', second] = path.split('/');

		return second === undefined ? (first.match(/^.*\.ts$/) ?? []) : [`${first}/`];
	});
	const map = read('userland/README.md');
	t.deepEqual(
		[...new Set(names)].filter(name => !map.includes(`\`${name}`)),
		[],
	);
});

const contract = read('docs/xenstore.md');

test('docs/xenstore.md names every node that is ours, and no other', t => {
	const own = pathsOf(0);
	const leaves = [own.peers, own.relayed, own.declinedBy, own.offers, own.declined, own.stats];
	const nodes = [
		...[hostAlive, own.fromHost, own.host, own.hello],
		...leaves.map(path => `${path}/<B>`),
	].map(path => path.replace('/local/domain/0/', '/local/domain/<A>/'));
	const table = [...contract.matchAll(/^\| `(\/[^`]+)`/gm)].map(([, node]) => node);

	t.deepEqual([...table].sort(), [...nodes].sort());
});

test('docs/xenstore.md names every word and feature', t => {
	const limits = parseLimits('rate:8000;from:10.0.0.1/32;no:ra');
	const text = renderAnnouncement({
		...{
			epoch: 1,
			name: 'b',
			links: [],
			digest: '0',
			ringPages: 32,
			ringPagesMin: 32,
			queues: 1,
		},
		...{uuid: '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001', isNameShared: true, idleTimeoutS: 60},
		...{isEager: true, isAudit: true, ...(limits && {limits})},
	});
	const keys = text
		.split(' ')
		.filter(word => word.includes('='))
		.map(word => word.split('=')[0] ?? '');

	t.true(keys.length >= 6);
	for (const key of keys) {
		t.true(contract.includes(`| \`${key}=`), key);
	}
	const bits = [16, 17, 18];
	const hello = (bit: number) =>
		parseHello(renderHello({min: 1, max: 1, features: (2 ** bit) | (2 ** 17)}));
	t.deepEqual(
		bits.map(bit => [
			hasLinkState(hello(bit)),
			hasWords(hello(bit)),
			hasEnforcement(hello(bit)),
		]),
		[
			[true, true, false],
			[false, true, false],
			[false, true, true],
		],
	);
	for (const bit of bits) {
		t.regex(contract, new RegExp(`^\\| ${bit} +\\|`, 'm'));
	}
});
