// SPDX-License-Identifier: MIT
import type {AttributeSet, Spec} from './parse.ts';
import {constant, kernelDoc, lines, notice, wrapped} from './text.ts';

type Entry = {readonly name: string; readonly doc?: string | undefined};

/** The public header: every number a program needs to talk to the module. */
export function emitUapi(spec: Spec): string {
	const family = constant(spec.name);

	return lines([
		'/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */',
		`/* ${notice} */`,
		'',
		`#ifndef _UAPI_LINUX_${family}_H`,
		`#define _UAPI_LINUX_${family}_H`,
		'',
		'/*',
		...wrapped(' * ', spec.doc),
		' */',
		'',
		`#define ${family}_FAMILY_NAME "${spec.name}"`,
		`#define ${family}_FAMILY_VERSION ${spec.version}`,
		'',
		...spec.definitions.flatMap(each => (each.type === 'const' ? emitConst(spec, each) : [])),
		...spec.definitions.flatMap(each => (each.type === 'names' ? emitNames(spec, each) : [])),
		...spec.definitions.flatMap(each => (each.type === 'enum' ? emitEnum(spec, each) : [])),
		...spec['attribute-sets'].flatMap(set => emitAttributes(spec, set)),
		...emitCommands(spec),
		...spec['mcast-groups'].list.map(
			group => `#define ${constant(spec.name, 'mcgrp', group.name)} "${group.name}"`,
		),
		'',
		`#endif /* _UAPI_LINUX_${family}_H */`,
	]);
}

function emitConst(spec: Spec, {name, value, doc}: {name: string; value: number; doc: string}) {
	return [`/* ${doc} */`, `#define ${constant(spec.name, name)} ${value}`, ''];
}

/** What an array of strings is initialised with. */
function emitNames(
	spec: Spec,
	{name, names, doc}: {name: string; names: readonly string[]; doc: string},
): string[] {
	const rows = wrapped('\t{ ', `${names.map(each => `"${each}"`).join(', ')} }`, '\t  ');

	return [
		'/*',
		...wrapped(' * ', doc),
		' */',
		[`#define ${constant(spec.name, name)}`, ...rows].join(' \\\n'),
		'',
	];
}

function emitEnum(
	spec: Spec,
	{name, doc, entries}: {name: string; doc: string; entries: readonly Entry[]},
): string[] {
	const title = `${spec.name}_${name.replaceAll('-', '_')}`;

	return emitNumbers(title, doc, constant(spec.name, name), entries, 0);
}

function emitAttributes(spec: Spec, set: AttributeSet): string[] {
	const title = `${spec.name}_a_${set.name}`;

	return emitNumbers(title, set.doc, constant(spec.name, 'a', set.name), set.attributes, 1);
}

function emitCommands(spec: Spec): string[] {
	const title = `${spec.name}_cmd`;

	return emitNumbers(
		title,
		'Requests and notifications.',
		constant(spec.name, 'cmd'),
		spec.operations.list,
		1,
	);
}

/** An enum that counts from `first`, closed by the usual `__X_MAX` and `X_MAX`. */
function emitNumbers(
	title: string,
	doc: string,
	prefix: string,
	entries: readonly Entry[],
	first: number,
): string[] {
	const members = entries.map(entry => ({...entry, member: constant(prefix, entry.name)}));

	return [
		...kernelDoc(
			`enum ${title} - ${doc}`,
			members.map(({member, doc}) => [member, doc] as const),
		),
		`enum ${title} {`,
		...members.map(
			({member}, at) => `\t${member}${at === 0 && first > 0 ? ` = ${first}` : ''},`,
		),
		'',
		'\t/* private: */',
		`\t__${prefix}_MAX,`,
		`\t${prefix}_MAX = __${prefix}_MAX - 1,`,
		'};',
		'',
	];
}
