// SPDX-License-Identifier: MIT
import {exactly} from './fields.ts';
import type {Literal} from './literal.ts';
import type {Traffic} from './traffic.ts';

/** What decides a value: one of the two ports, or where packets of the first may come from. */
export type Side = 'from' | 'to' | 'source';

/** Values by which rules are found without asking each of them. */
export type Index = 'input' | 'output' | 'saddr' | 'daddr' | 'physin' | 'physout';

/** Whether all (true), none (false), or maybe some (undefined) of the packets have a literal's value. */
export type Test = (traffic: Traffic) => boolean | undefined;

/** Something that a rule compares. */
export type Operand = {
	/** What decides the answers of `literal`; none where nothing is known of the value. */
	readonly sides: readonly Side[];
	readonly index: Index | undefined;
	/** Whether every packet of this traffic has the same, known value. */
	isKnown(traffic: Traffic): boolean;
	/** Whether no packet of this traffic has it at all: then the rule does not match, whatever it compares with. */
	isMissing(traffic: Traffic): boolean;
	/** Whether it is a device where the kernel passes none: old kernels end the rule there, new ones compare ''. */
	isEmpty(traffic: Traffic): boolean;
	literal(value: unknown): {readonly test: Test; readonly exact?: string | undefined};
};

/** Of which nothing is known. */
export const unknownOperand: Operand = {
	sides: [],
	index: undefined,
	isKnown: () => false,
	isMissing: () => false,
	isEmpty: () => false,
	literal: () => ({test: () => undefined}),
};

/** One value of the traffic, and how a literal is read. */
export function plainOperand<T>(
	read: (traffic: Traffic) => T | undefined,
	parse: (literal: unknown) => Literal<T> | undefined,
): Operand {
	return {
		...unknownOperand,
		isKnown: traffic => read(traffic) !== undefined,
		literal(value) {
			const literal = parse(value);

			return {
				exact: literal?.exact,
				test(traffic) {
					const found = read(traffic);

					return found === undefined ? undefined : literal?.is(found);
				},
			};
		},
	};
}

/** `iifname . ether saddr`: equal where all parts are. */
export function concatenation(parts: readonly Operand[]): Operand {
	const indexed = parts.findIndex(({index}) => index !== undefined);

	return {
		sides: [...new Set(parts.flatMap(({sides}) => sides))],
		index: parts[indexed]?.index,
		isKnown: traffic => parts.every(part => part.isKnown(traffic)),
		isMissing: traffic => parts.some(part => part.isMissing(traffic)),
		isEmpty: traffic => parts.some(part => part.isEmpty(traffic)),
		literal(value) {
			const {concat} = exactly(value, 'concat');
			if (!Array.isArray(concat) || concat.length !== parts.length) {
				return unknownOperand.literal(value);
			}
			const literals = parts.map((part, at) => part.literal(concat[at]));

			return {
				exact: literals[indexed]?.exact,
				test: traffic => allOf(literals.map(({test}) => test(traffic))),
			};
		},
	};
}

function allOf(results: readonly (boolean | undefined)[]): boolean | undefined {
	return results.includes(false) ? false : results.includes(undefined) ? undefined : true;
}
