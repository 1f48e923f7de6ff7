// SPDX-License-Identifier: MIT
import {isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Document, type Pair} from 'yaml';
import {printable} from '../names.ts';
import {at, compose, deepest, type Position} from './compose.ts';
import {createProblems, type Problems} from './errors.ts';
import {shorten} from './shorten.ts';
import {quoteIt, syntaxMessage} from './syntax.ts';

/** A path into the document: keys and indices, from the top. */
export type Path = readonly PropertyKey[];

export type PlainDocument = {
	/** Maps, lists, strings, numbers, booleans and null only. */
	readonly value: unknown;
	/** Where a value stands; a missing one stands where its parent does. */
	positionOf(path: Path): Position;
	positionOfKey(path: Path, key: string): Position;
};

/**
 * Reads the part of YAML that has one meaning to everybody: one document of maps, lists and scalars. Anchors,
 * aliases, tags, directives and keys that are not words are refused: none is needed to write rules, and each
 * is a way to make a file mean something else than it shows.
 */
export function readYaml(text: string, file: string): PlainDocument {
	const problems = createProblems(file);
	checkCharacters(text, problems);
	const lines = new LineCounter();
	const document = compose(text, file, lines);
	const positionAt = (offset: number) => at(lines, offset);
	const report: Report = (offset, path, message) =>
		problems.add(() => ({...positionAt(offset), where: formatPath(path), message}));

	checkSyntax(document, report, positionAt);
	problems.throwIfAny();
	check(document.contents, [], report);
	problems.throwIfAny();

	return {
		value: document.toJS({maxAliasCount: 0}),
		positionOf: path => positionAt(offsetOf(document, path)),
		positionOfKey: (path, key) => positionAt(offsetOfKey(document, path, key)),
	};
}

/** `pairs[4].ring_pages`; the document itself is `policy`. */
export function formatPath(path: Path): string {
	const text = path
		.map(step => (typeof step === 'number' ? `[${step}]` : `.${formatKey(String(step))}`))
		.join('');

	return text === '' ? 'policy' : text.replace(/^\./, '');
}

export function formatKey(key: string): string {
	return /^[\w-]{1,60}$/.test(key) ? key : shorten(JSON.stringify(key));
}

/** A value as an error message shows it: short, on one line. */
export function describe(value: unknown): string {
	if (value === undefined || value === null) {
		return 'nothing';
	}
	if (Array.isArray(value)) {
		return `a list of ${value.length}`;
	}
	if (typeof value === 'object') {
		return 'a map';
	}

	return shorten(typeof value === 'string' ? JSON.stringify(value) : String(value));
}

type Report = (offset: number, path: Path, message: string) => void;

/**
 * Controls have no use in a policy. A \\r alone is a new line to editors, while YAML's reader goes on with
 * the comment that it stands in.
 */
function checkCharacters(text: string, problems: Problems): void {
	const control = /(?![\t\n\r\u0080-\u009F])\p{Cc}|\r(?!\n)/u.exec(text);
	if (control === null) {
		return;
	}
	const before = text.slice(0, control.index).split('\n');
	const message =
		control[0] === '\r'
			? 'expected lines that end with \\n or \\r\\n, got \\r alone'
			: `expected text, got the character ${printable(control[0])}`;

	problems.add(() => ({
		...{line: before.length, column: (before.at(-1) ?? '').length + 1},
		...{where: 'yaml', message},
	}));
	problems.throwIfAny();
}

/** One problem a line: what follows an error of syntax is mostly its echo. */
function checkSyntax(
	document: Document.Parsed,
	report: Report,
	positionAt: (offset: number) => Position,
): void {
	let last = 0;

	for (const error of [...document.errors, ...document.warnings]) {
		const {line} = positionAt(error.pos[0]);
		if (line !== last) {
			report(error.pos[0], ['yaml'], syntaxMessage(error));
		}
		last = line;
	}
	const {explicit} = document.directives?.yaml ?? {};
	if (explicit === true) {
		report(0, ['yaml'], 'expected no directive, got %YAML');
	}
}

function check(node: unknown, path: Path, report: Report): void {
	if (!isNode(node)) {
		return;
	}
	const offset = node.range?.[0] ?? 0;

	if (path.length > deepest) {
		report(offset, path, `expected at most ${deepest} levels, got more`);

		return;
	}
	if (isAlias(node)) {
		const got = shorten(`*${node.source}`);
		report(offset, path, `expected a value, got ${got}, an alias ${quoteIt}`);

		return;
	}
	if ('anchor' in node && node.anchor !== undefined) {
		report(offset, path, `expected no anchor, got &${shorten(String(node.anchor))}`);
	}
	if (node.tag !== undefined) {
		report(offset, path, `expected no tag, got ${shorten(node.tag)}`);
	}

	if (isMap(node)) {
		checkMap(node.items, path, report);
	}
	if (isSeq(node)) {
		for (const [index, item] of node.items.entries()) {
			check(item, [...path, index], report);
		}
	}
}

function checkMap(pairs: readonly Pair[], path: Path, report: Report): void {
	const seen = new Set<string>();

	for (const {key, value} of pairs) {
		const offset = (isNode(key) ? key.range?.[0] : undefined) ?? 0;

		if (!isScalar(key) || typeof key.value !== 'string') {
			report(offset, path, 'expected keys that are words, got another kind of key');
			check(key, [...path, '?'], report);
			continue;
		}
		const here = [...path, key.value];
		if (seen.has(key.value)) {
			report(offset, here, 'expected each key once, got it again');
		}
		seen.add(key.value);
		check(key, here, report);
		check(value, here, report);
	}
}

function offsetOf(document: Document.Parsed, path: Path): number {
	for (let length = path.length; length > 0; length--) {
		const node: unknown = document.getIn(path.slice(0, length), true);
		if (isNode(node) && node.range) {
			return node.range[0];
		}
	}

	return document.contents?.range[0] ?? 0;
}

function offsetOfKey(document: Document.Parsed, path: Path, name: string): number {
	const map: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
	const found = isMap(map)
		? map.items.find(({key}) => isScalar(key) && key.value === name)?.key
		: undefined;

	return isNode(found) && found.range ? found.range[0] : offsetOf(document, path);
}
