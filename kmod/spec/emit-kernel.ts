// SPDX-License-Identifier: MIT
import {
	type Attribute,
	type AttributeSet,
	type Limit,
	type Operation,
	type Spec,
	attributeOf,
	setOf,
} from './parse.ts';
import {constant, lines, notice, snake} from './text.ts';

const types: Readonly<Record<Attribute['type'], string>> = {
	pad: 'NLA_REJECT',
	flag: 'NLA_FLAG',
	u16: 'NLA_U16',
	u32: 'NLA_U32',
	u64: 'NLA_U64',
	string: 'NLA_NUL_STRING',
	binary: 'NLA_BINARY',
	nest: 'NLA_NESTED',
};

/** What the kernel's core checks before a handler of ours runs, and the handlers' prototypes. */
export function emitKernelHeader(spec: Spec): string {
	const family = constant(spec.name);

	return lines([
		'/* SPDX-License-Identifier: GPL-2.0 */',
		`/* ${notice} */`,
		'',
		`#ifndef _${family}_NETLINK_GEN_H`,
		`#define _${family}_NETLINK_GEN_H`,
		'',
		'#include <net/genetlink.h>',
		'#include <net/netlink.h>',
		'',
		`#include "uapi/${spec.name}.h"`,
		'',
		...nestedSets(spec).map(set => `extern const struct nla_policy ${setPolicy(spec, set)};`),
		'',
		...requests(spec).flatMap(operation => prototypes(spec, operation)),
		'',
		'enum {',
		...spec['mcast-groups'].list.map(group => `\t${constant(spec.name, 'nlgrp', group.name)},`),
		'};',
		'',
		`#define ${family}_NL_OPS ${requests(spec).length}`,
		`#define ${family}_NL_MCGRPS ${spec['mcast-groups'].list.length}`,
		'',
		`extern const struct genl_ops ${spec.name}_nl_ops[${family}_NL_OPS];`,
		`extern const struct genl_multicast_group ${spec.name}_nl_mcgrps[${family}_NL_MCGRPS];`,
		'',
		`#endif /* _${family}_NETLINK_GEN_H */`,
	]);
}

export function emitKernelSource(spec: Spec): string {
	const family = constant(spec.name);

	return lines([
		'// SPDX-License-Identifier: GPL-2.0',
		`/* ${notice} */`,
		'',
		'#include "netlink-gen.h"',
		'',
		...nestedSets(spec).flatMap(set => [
			`const struct nla_policy ${setPolicy(spec, set)} = {`,
			...set.attributes.map(each => policyLine(spec, set, each)),
			'};',
			'',
		]),
		...requests(spec).flatMap(operation => requestPolicy(spec, operation)),
		`const struct genl_ops ${spec.name}_nl_ops[${family}_NL_OPS] = {`,
		...requests(spec).flatMap(operation => operationEntry(spec, operation)),
		'};',
		'',
		`const struct genl_multicast_group ${spec.name}_nl_mcgrps[${family}_NL_MCGRPS] = {`,
		...spec['mcast-groups'].list.map(
			({name}) =>
				`\t[${constant(spec.name, 'nlgrp', name)}] = { .name = ${constant(spec.name, 'mcgrp', name)}, },`,
		),
		'};',
	]);
}

/** Sets that appear inside requests, innermost first as the spec must list them. */
function nestedSets(spec: Spec): AttributeSet[] {
	const nested = spec['attribute-sets']
		.flatMap(set => set.attributes)
		.map(each => each['nested-attributes']);

	return spec['attribute-sets'].filter(set => nested.includes(set.name));
}

function requests(spec: Spec): Operation[] {
	return spec.operations.list.filter(each => each.do !== undefined || each.dump !== undefined);
}

function prototypes(spec: Spec, operation: Operation): string[] {
	const stem = `${spec.name}_nl_${snake(operation.name)}`;

	return [
		...(operation.do ? [`int ${stem}_doit(struct sk_buff *skb, struct genl_info *info);`] : []),
		...(operation.dump
			? [`int ${stem}_dumpit(struct sk_buff *skb, struct netlink_callback *cb);`]
			: []),
	];
}

function setPolicy(spec: Spec, set: AttributeSet): string {
	return `${spec.name}_${snake(set.name)}_nl_policy[${constant(spec.name, 'a', set.name)}_MAX + 1]`;
}

function accepted(operation: Operation): readonly string[] {
	return [
		...(operation.do?.request?.attributes ?? []),
		...(operation.dump?.request?.attributes ?? []),
	];
}

/** A table that ends with the highest attribute taken: what it does not name is refused. */
function requestPolicy(spec: Spec, operation: Operation): string[] {
	const set = setOf(spec, operation['attribute-set']);
	const taken = set.attributes.filter(each => accepted(operation).includes(each.name));
	const last = taken.at(-1);

	if (last === undefined) {
		return [];
	}

	return [
		`static const struct nla_policy ${policyName(operation)}[${id(spec, set, last)} + 1] = {`,
		...taken.map(each => policyLine(spec, set, attributeOf(set, each.name))),
		'};',
		'',
	];
}

function operationEntry(spec: Spec, operation: Operation): string[] {
	const stem = `${spec.name}_nl_${snake(operation.name)}`;
	const set = setOf(spec, operation['attribute-set']);
	const last = set.attributes.filter(each => accepted(operation).includes(each.name)).at(-1);

	return [
		'\t{',
		`\t\t.cmd\t\t= ${constant(spec.name, 'cmd', operation.name)},`,
		...(operation.do ? [`\t\t.doit\t\t= ${stem}_doit,`] : []),
		...(operation.dump ? [`\t\t.dumpit\t\t= ${stem}_dumpit,`] : []),
		...(last
			? [
					`\t\t.policy\t\t= ${policyName(operation)},`,
					`\t\t.maxattr\t= ARRAY_SIZE(${policyName(operation)}) - 1,`,
				]
			: []),
		...(operation.flags.includes('admin-perm') ? ['\t\t.flags\t\t= GENL_UNS_ADMIN_PERM,'] : []),
		'\t},',
	];
}

function policyName(operation: Operation): string {
	return `${snake(operation.name)}_nl_policy`;
}

function id(spec: Spec, set: AttributeSet, attribute: Attribute): string {
	return constant(spec.name, 'a', set.name, attribute.name);
}

function policyLine(spec: Spec, set: AttributeSet, attribute: Attribute): string {
	return `\t[${id(spec, set, attribute)}] = ${policy(spec, attribute)},`;
}

function policy(spec: Spec, attribute: Attribute): string {
	const type = types[attribute.type];
	const {min, max, 'exact-len': exact, 'max-len': longest} = attribute.checks ?? {};

	if (attribute.type === 'nest') {
		const set = setOf(spec, attribute['nested-attributes']);

		return `NLA_POLICY_NESTED(${spec.name}_${snake(set.name)}_nl_policy)`;
	}
	if (attribute.enum !== undefined) {
		return `NLA_POLICY_MAX(${type}, ${constant(spec.name, attribute.enum)}_MAX)`;
	}
	if (exact !== undefined) {
		return `NLA_POLICY_EXACT_LEN(${number(spec, exact)})`;
	}
	if (longest !== undefined) {
		return `{ .type = ${type}, .len = ${number(spec, longest)}, }`;
	}
	if (min !== undefined && max !== undefined) {
		return `NLA_POLICY_RANGE(${type}, ${number(spec, min)}, ${number(spec, max)})`;
	}
	if (min !== undefined) {
		return `NLA_POLICY_MIN(${type}, ${number(spec, min)})`;
	}
	if (max !== undefined) {
		return `NLA_POLICY_MAX(${type}, ${number(spec, max)})`;
	}

	return `{ .type = ${type}, }`;
}

function number(spec: Spec, limit: Limit): string {
	return typeof limit === 'string' ? constant(spec.name, limit) : String(limit);
}
