// SPDX-License-Identifier: MIT
import {parse} from 'yaml';
import {z} from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
const doc = z.string();

/** A name as the kernel writes them. */
const identifier = z.string().regex(/^[a-z][a-z0-9_]*$/);

/** A limit is a number, as large as a `struct nla_policy` of the kernel holds, or the name of a `const` definition. */
const limit = z.union([z.number().int().max(32_767), name]);

const definition = z.discriminatedUnion('type', [
	z.strictObject({name, type: z.literal('const'), value: z.number().int(), doc}),
	z.strictObject({
		name,
		type: z.literal('enum'),
		doc,
		entries: z.array(z.strictObject({name, doc})).min(1),
	}),
	z.strictObject({name, type: z.literal('names'), doc, names: z.array(identifier).min(1)}),
]);

const attribute = z.strictObject({
	name,
	type: z.enum(['pad', 'flag', 'u16', 'u32', 'u64', 'string', 'binary', 'nest']),
	doc: doc.optional(),
	enum: name.optional(),
	checks: z
		.strictObject({
			min: limit.optional(),
			max: limit.optional(),
			'exact-len': limit.optional(),
			'max-len': limit.optional(),
		})
		.optional(),
	'nested-attributes': name.optional(),
	'multi-attr': z.boolean().optional(),
});

const attributeSet = z.strictObject({name, doc, attributes: z.array(attribute)});

const message = z.strictObject({attributes: z.array(name)});
const exchange = z.strictObject({request: message.optional(), reply: message.optional()});

const operation = z.strictObject({
	name,
	doc,
	'attribute-set': name.optional(),
	flags: z.array(z.literal('admin-perm')).default([]),
	do: exchange.optional(),
	dump: exchange.optional(),
	notify: name.optional(),
	event: message.optional(),
	mcgrp: name.optional(),
});

const spec = z.strictObject({
	name,
	protocol: z.literal('genetlink'),
	version: z.number().int().min(1),
	doc,
	definitions: z.array(definition),
	'attribute-sets': z.array(attributeSet),
	operations: z.strictObject({list: z.array(operation)}),
	'mcast-groups': z.strictObject({list: z.array(z.strictObject({name}))}),
});

export type Definition = z.infer<typeof definition>;
export type Attribute = z.infer<typeof attribute>;
export type AttributeSet = z.infer<typeof attributeSet>;
export type Operation = z.infer<typeof operation>;
export type Limit = z.infer<typeof limit>;
export type Spec = z.infer<typeof spec>;

/** Reads the text of a spec; throws with the path of what is wrong in it. */
export function parseSpec(text: string): Spec {
	const result = spec.safeParse(parse(text));

	if (!result.success) {
		throw new Error(z.prettifyError(result.error));
	}
	checkReferences(result.data);

	return result.data;
}

/** The attribute set of that name. */
export function setOf(spec: Spec, name: string | undefined): AttributeSet {
	const set = spec['attribute-sets'].find(each => each.name === name);

	if (set === undefined) {
		throw new Error(`no attribute set ${name ?? '(unnamed)'}`);
	}

	return set;
}

/** The attribute of that name in a set. */
export function attributeOf(set: AttributeSet, name: string): Attribute {
	const attribute = set.attributes.find(each => each.name === name);

	if (attribute === undefined) {
		throw new Error(`attribute set ${set.name} has no ${name}`);
	}

	return attribute;
}

/** Every name that is used must be one that is defined. */
function checkReferences(spec: Spec): void {
	const enums = spec.definitions.filter(each => each.type === 'enum').map(each => each.name);
	const consts = spec.definitions.filter(each => each.type === 'const').map(each => each.name);
	const groups = spec['mcast-groups'].list.map(each => each.name);
	const operations = spec.operations.list.map(each => each.name);

	for (const attribute of spec['attribute-sets'].flatMap(set => set.attributes)) {
		expectOneOf(enums, attribute.enum);
		for (const limit of Object.values(attribute.checks ?? {})) {
			expectOneOf(consts, typeof limit === 'string' ? limit : undefined);
		}
		if (attribute.type === 'nest') {
			setOf(spec, attribute['nested-attributes']);
		}
	}
	for (const operation of spec.operations.list) {
		expectOneOf(groups, operation.mcgrp);
		expectOneOf(operations, operation.notify);
		for (const exchange of [operation.do, operation.dump]) {
			for (const each of [exchange?.request, exchange?.reply].flatMap(
				m => m?.attributes ?? [],
			)) {
				attributeOf(setOf(spec, operation['attribute-set']), each);
			}
		}
	}
}

function expectOneOf(known: readonly string[], used: string | undefined): void {
	if (used !== undefined && !known.includes(used)) {
		throw new Error(`expected one of ${known.join(', ')}, got ${used}`);
	}
}
