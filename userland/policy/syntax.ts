// SPDX-License-Identifier: MIT
import type {YAMLError} from 'yaml';
import {shorten} from './shorten.ts';

/** The one trap of this language. */
export const quoteIt = "(a pattern that begins with * needs quotes, as in '*')";

/**
 * What the YAML library found, as `expected X, got Y` in words of this language; its own words speak
 * of YAML's grammar, which nobody has to know. The library's code and the start of its message tell
 * its errors apart.
 */
export function syntaxMessage({code, message}: Pick<YAMLError, 'code' | 'message'>): string {
	const [line = ''] = message.split('\n');
	const known = sentences.find(([of, text]) => code === of && line.includes(text));

	return known?.[2](line) ?? `expected YAML, got an error: ${line}`;
}

type Sentence = (line: string) => string;

const sentences: ReadonlyArray<readonly [YAMLError['code'], string, Sentence]> = [
	['BAD_ALIAS', 'Alias cannot be an empty', () => `expected a value, got *, an alias ${quoteIt}`],
	[
		'BAD_ALIAS',
		'Anchor',
		() => 'expected a value, got & (text that begins with it needs quotes)',
	],
	['TAB_AS_INDENT', '', () => 'expected spaces at the beginning of a line, got a tab'],
	[
		'MISSING_CHAR',
		'quote',
		line =>
			`expected ${/closing (.)/.exec(line)?.[1] ?? 'a quote'} at the end of a text, got none`,
	],
	[
		'MISSING_CHAR',
		'Implicit map keys',
		() => 'expected "key: value", got no colon with a space behind it',
	],
	['MISSING_CHAR', 'without -', () => 'expected "- " where a rule begins, got a line without'],
	['MISSING_CHAR', ',', () => 'expected a comma between values in brackets, got none'],
	[
		'BAD_INDENT',
		'Flow',
		() =>
			'expected brackets to be closed, and lines in them further in, got a line further out',
	],
	['BAD_INDENT', '', () => 'expected what belongs together in one column, got another column'],
	[
		'MULTILINE_IMPLICIT_KEY',
		'',
		() => 'expected "key: value" or "- " in one column, got a line that is neither',
	],
	[
		'BLOCK_AS_IMPLICIT_KEY',
		'Nested',
		() => 'expected one key in a line (text with ": " in it needs quotes), got two',
	],
	[
		'BLOCK_AS_IMPLICIT_KEY',
		'',
		() => 'expected what belongs together in one column, got another column',
	],
	[
		'BAD_SCALAR_START',
		'',
		line => `expected quotes around a text that begins with ${line.at(-1) ?? ''}, got none`,
	],
	['UNEXPECTED_TOKEN', '', () => 'expected the next line or a comma, got more behind a value'],
	[
		'BAD_DQ_ESCAPE',
		'',
		line => `expected an escape that YAML has, or \\\\ for \\, got ${lastWord(line)}`,
	],
	['TAG_RESOLVE_FAILED', '', line => `expected no tag, got ${lastWord(line)} (! needs quotes)`],
	['BAD_DIRECTIVE', '', () => 'expected no directive, got a line that begins with %'],
];

function lastWord(line: string): string {
	return shorten(line.split(' ').at(-1) ?? '');
}
