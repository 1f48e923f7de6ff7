// SPDX-License-Identifier: MIT
import type {Described, Flag, Word} from './program.ts';
import {bold, italic, literal, prose, tagged} from './roff.ts';

/** What a table of options cannot say. */
export type Section =
	| {readonly title: string; readonly text: string}
	| {readonly title: string; readonly lines: readonly string[]}
	| {readonly title: string; readonly table: ReadonlyArray<readonly [string, string]>};

type Page = {
	readonly program: Described;
	readonly section: number;
	readonly version: string;
	/** Behind the commands. */
	readonly sections: readonly Section[];
};

/** A page of manual in man(7)'s macros. */
export function manualPage({program, section, version, sections}: Page): string {
	const {name, summary, description, commands} = program;

	return [
		'.\\" SPDX-License-Identifier: MIT',
		`.TH ${name.toUpperCase()} ${section} "" "coloop ${version}" "Coloop"`,
		'.nh',
		'.ad l',
		'.SH NAME',
		`${name} \\- ${prose(lowerFirst(summary))}`,
		'.SH SYNOPSIS',
		...synopses(program),
		'.SH DESCRIPTION',
		`${prose(description)}${description.endsWith('.') ? '' : '.'}`,
		'.SH OPTIONS',
		...program.flags.map(flagLines),
		...(commands.length > 0 ? ['.SH COMMANDS'] : []),
		...commands.flatMap(command => commandLines(command, '')),
		...sections.map(sectionLines),
		'',
	].join('\n');
}

function synopses(program: Described): string[] {
	const lines = program.commands.flatMap(command => usages(command, [program.name]));

	return lines.length === 0 ? [`${bold(program.name)} [${italic('option')} ...]`] : lines;
}

function usages(command: Described, before: readonly string[]): string[] {
	const path = [...before, command.name];
	if (command.commands.length > 0) {
		return command.commands.flatMap(each => usages(each, path));
	}
	const flags = command.flags.length > 1 ? ` [${italic('option')} ...]` : '';
	const words = command.words.map(word => ` ${usageOf(word)}`).join('');

	return [`${bold(path.join(' '))}${flags}${words}`, '.br'];
}

function usageOf({name, isRequired, isVariadic}: Word): string {
	const word = `${italic(name)}${isVariadic ? ' ...' : ''}`;

	return isRequired ? word : `[${word}]`;
}

function commandLines(command: Described, before: string): string[] {
	const {description, words, flags, commands} = command;
	const path = `${before}${command.name}`;
	if (commands.length > 0) {
		return commands.flatMap(each => commandLines(each, `${path} `));
	}
	const text = `${description[0]?.toUpperCase() ?? ''}${description.slice(1)}`;

	return [
		`.SS "${path}${words.map(word => ` ${usageOf(word)}`).join('')}"`,
		`${prose(text)}${text.endsWith('.') ? '' : '.'}`,
		...words.filter(({says}) => says !== '').map(word => tagged(usageOf(word), word.says)),
		...flags.filter(({long}) => long !== '--help').map(flagLines),
	];
}

function flagLines({short, long, value, says, fallback}: Flag): string {
	const names = [short, long].filter(name => name !== undefined).map(bold);
	const tag = `${names.join(', ')}${value ? ` ${italic(value.name)}` : ''}`;
	const choices =
		value && typeof value.kind === 'object' ? `: ${value.kind.choices.join(', ')}` : '';
	const text = `${says}${choices}`.replace(/^: /, '');

	return tagged(tag, fallback === undefined ? text : `${text} (unless said: ${fallback})`);
}

function sectionLines(section: Section): string {
	const head = `.SH ${section.title.toUpperCase()}`;
	if ('text' in section) {
		return `${head}\n${section.text.split('\n\n').map(prose).join('\n.PP\n')}`;
	}
	if ('lines' in section) {
		return `${head}\n${literal(section.lines)}`;
	}

	return [head, ...section.table.map(([key, text]) => tagged(bold(key), text))].join('\n');
}

function lowerFirst(text: string): string {
	return `${text[0]?.toLowerCase() ?? ''}${text.slice(1)}`;
}
