// SPDX-License-Identifier: MIT
import type {NftFamily} from '../nftables-js/index.ts';
import {exactly, fields} from './fields.ts';
import {elementValue} from './literal.ts';
import {operandOf} from './operand-of.ts';
import type {Index, Operand, Side, Test} from './operand.ts';
import type {Traffic} from './traffic.ts';

/** Of all packets of some traffic: do all match, none, or is that not known? */
export type Certainty = 'always' | 'never' | 'maybe';

/** A match of a rule, ready to be asked for any traffic. */
export type Condition = {
	test(traffic: Traffic): Certainty;
	/** The ports whose names or addresses decide the answer. */
	readonly sides: readonly Side[];
	/** Where it can only match traffic that has one of these values. */
	readonly pin?: Pin | undefined;
};

export type Pin = {readonly index: Index; readonly values: ReadonlySet<string>};

/** Finds `@name` in the rule's table: its elements, if packets cannot change them. */
export type FindElements = (name: string) => readonly unknown[] | undefined;

/** A `match` statement's value, as libnftables-json(5) has it. */
export function compileMatch(match: unknown, family: NftFamily, findSet: FindElements): Condition {
	const {op, left, right} = exactly(match, 'op', 'left', 'right');
	const operand = operandOf(left, family);
	const literals = literalsOf(right, findSet)?.map(value => operand.literal(value));
	const equals = literals && anyOf(literals.map(({test}) => test));
	const exacts = literals?.map(({exact}) => exact).filter(exact => exact !== undefined);
	const isPinned = op === '==' && exacts !== undefined && exacts.length === literals?.length;

	return {
		sides: operand.sides,
		test: traffic => certaintyOf(operand, op, equals, traffic),
		pin:
			isPinned && operand.index ? {index: operand.index, values: new Set(exacts)} : undefined,
	};
}

function certaintyOf(
	operand: Operand,
	op: unknown,
	equals: Test | undefined,
	traffic: Traffic,
): Certainty {
	if (operand.isMissing(traffic)) {
		return 'never';
	}
	const isEqual = op === '==' || op === '!=' ? equals?.(traffic) : undefined;
	if (isEqual === undefined) {
		return 'maybe';
	}
	if (isEqual === (op === '==')) {
		/* A packet that lacks the header, such as one of UDP for 'tcp dport != @none', does not match. */
		return operand.isEmpty(traffic) || !operand.isKnown(traffic) ? 'maybe' : 'always';
	}

	return 'never';
}

/** The literals of a right side; undefined where they are not known. */
function literalsOf(right: unknown, findSet: FindElements): readonly unknown[] | undefined {
	const {set: inline} = fields(right);
	if (Array.isArray(inline)) {
		return inline.map(elementValue);
	}
	if (typeof right !== 'string' || !right.startsWith('@')) {
		return [right];
	}

	return findSet(right.slice(1))?.map(elementValue);
}

function anyOf(tests: readonly Test[]): Test {
	return traffic => {
		let found: boolean | undefined = false;

		for (const test of tests) {
			const result = test(traffic);
			if (result === true) {
				return true;
			}
			if (result === undefined) {
				found = undefined;
			}
		}

		return found;
	};
}

/** What a verdict map may say of some traffic. */
type Choice = {
	/** Every verdict that a packet may get. */
	readonly verdicts: readonly unknown[];
	/** Whether there may be packets for which it has none. */
	readonly isPartial: boolean;
};

type VerdictMap = {
	choose(traffic: Traffic): Choice;
	readonly sides: readonly Side[];
	readonly verdicts: readonly unknown[];
};

/** A `vmap` statement's value; undefined where its elements are not known. */
export function compileVerdictMap(
	vmap: unknown,
	family: NftFamily,
	findMap: FindElements,
): VerdictMap | undefined {
	const {key, data} = exactly(vmap, 'key', 'data');
	const pairs = pairsOf(data, findMap);
	if (!pairs) {
		return undefined;
	}
	const operand = operandOf(key, family);
	const elements = pairs
		.filter(([value]) => value !== '*')
		.map(([value, verdict]) => ({...operand.literal(elementValue(value)), verdict}));
	const rest = pairs.filter(([value]) => value === '*').map(([, verdict]) => verdict);

	return {
		sides: operand.sides,
		verdicts: pairs.map(([, verdict]) => verdict),
		choose(traffic) {
			if (operand.isMissing(traffic)) {
				return {verdicts: [], isPartial: true};
			}
			const found = elements.map(({test, verdict}) => ({result: test(traffic), verdict}));
			const sure = found.filter(({result}) => result === true);
			const maybe = found.filter(({result}) => result === undefined);

			if (sure.length > 0 && !operand.isEmpty(traffic)) {
				// No value is in a map twice.
				return {verdicts: sure.map(({verdict}) => verdict), isPartial: false};
			}

			return {
				verdicts: [...[...sure, ...maybe].map(({verdict}) => verdict), ...rest],
				// A packet without such a value gets nothing, not even what is for all others.
				isPartial:
					rest.length === 0 || !operand.isKnown(traffic) || operand.isEmpty(traffic),
			};
		},
	};
}

/** Keys and verdicts, in a map of the rule's own or of a name. */
function pairsOf(data: unknown, findMap: FindElements): (readonly unknown[])[] | undefined {
	const {set: inline} = exactly(data, 'set');
	const found =
		typeof data === 'string' && data.startsWith('@') ? findMap(data.slice(1)) : inline;

	return Array.isArray(found) && found.every(pair => Array.isArray(pair) && pair.length === 2)
		? found
		: undefined;
}
