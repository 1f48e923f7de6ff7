// SPDX-License-Identifier: MIT
import {format, resolveConfig} from 'prettier';
import type {Attribute, AttributeSet, Definition, Spec} from './parse.ts';
import {camel, lines, notice} from './text.ts';

/** The same numbers for TypeScript, with one table an attribute set that drives codec.ts. */
export async function emitConstants(spec: Spec, path: string): Promise<string> {
	const source = lines([
		'// SPDX-License-Identifier: MIT',
		`// ${notice}`,
		`export const family = {name: '${spec.name}', version: ${spec.version}} as const;`,
		'',
		...spec.definitions.flatMap(each => [
			`/** ${each.doc} */`,
			emitDefinition(each),
			'',
		]),
		...innermostFirst(spec['attribute-sets']).flatMap(emitSet),
		'export const commands = {',
		...spec.operations.list.map((each, at) => `${camel(each.name)}: ${at + 1},`),
		'} as const;',
		'',
		'export const groups = {',
		...spec['mcast-groups'].list.map(({name}) => `${camel(name)}: '${name}',`),
		'} as const;',
	]);

	return await format(source, {...(await resolveConfig(path)), parser: 'typescript'});
}

function emitDefinition(definition: Definition): string {
	const name = camel(definition.name);
	const list = (words: readonly string[]) =>
		`[${words.map(word => `'${word}'`).join(', ')}] as const;`;

	switch (definition.type) {
		case 'const':
			return `export const ${name} = ${definition.value};`;
		case 'enum':
			return `export const ${name}s = ${list(definition.entries.map(entry => entry.name))}`;
		case 'names':
			return `export const ${name} = ${list(definition.names)}`;
	}
}

function emitSet(set: AttributeSet): string[] {
	return [
		`/** ${set.doc} */`,
		`export const ${camel(set.name)}Attributes = {`,
		...set.attributes.map((each, at) => `${camel(each.name)}: ${emitAttribute(each, at + 1)},`),
		'} as const;',
		'',
	];
}

function emitAttribute(attribute: Attribute, id: number): string {
	const nested = attribute['nested-attributes'];

	return [
		`{id: ${id}, type: '${attribute.type}'`,
		...(nested === undefined ? [] : [`set: ${camel(nested)}Attributes`]),
		...(attribute['multi-attr'] ? ['multi: true'] : []),
	]
		.join(', ')
		.concat('}');
}

/** A table names the tables nested in it, so those come first. */
function innermostFirst(sets: readonly AttributeSet[]): AttributeSet[] {
	const done: AttributeSet[] = [];

	while (done.length < sets.length) {
		const ready = sets.filter(
			set =>
				!done.includes(set) &&
				set.attributes.every(
					({'nested-attributes': nested}) =>
						nested === undefined || done.some(each => each.name === nested),
				),
		);
		if (ready.length === 0) {
			throw new Error('attribute sets nest each other in a circle');
		}
		done.push(...ready);
	}

	return done;
}
