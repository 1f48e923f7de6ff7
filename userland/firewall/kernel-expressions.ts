// SPDX-License-Identifier: MIT
import {attributes, numberOf, text, type Attributes} from './kernel-attributes.ts';
import {loadOf, somewhat, unknown, type Loaded, type Registers} from './kernel-registers.ts';

/** An expression of a rule as the kernel has it: its kind, and attributes whose numbers depend on that. */
export type KernelExpression = {readonly name: string; readonly data: Uint8Array};

/*
 * The rules of an anonymous chain (`jump { ... }`) are in no JSON: libnftables has none for them. They are put together
 * from the kernel's expressions, as far as the guard knows what they ask for; of the rest it knows that a rule compares
 * something. Numbers are those of linux/netfilter/nf_tables.h.
 */

/** The rule's statements; what is not understood is one that is an obstacle. */
export function statementsOf(expressions: readonly KernelExpression[]): object[] {
	const registers = new Map<number, Loaded>();

	return expressions.flatMap(({name, data}) => {
		const found = attributes(data);
		const load = loadOf(name, found, registers);

		if (load) {
			registers.set(numberOf(found.get(load.register)), load.value);

			return [];
		}

		return [statementOf(name, found, registers)];
	});
}

function statementOf(name: string, found: Attributes, registers: Registers): object {
	switch (name) {
		case 'cmp':
			return compared(found, registers);
		case 'range':
			return {match: {op: 'in', left: unknown, right: unknown}};
		case 'lookup':
			return lookedUp(found, registers);
		case 'immediate':
			return verdictOf(found);
		case 'counter':
		case 'last':
		case 'notrack':
			return {[name]: null};
		default:
			return {unlisted: name};
	}
}

function compared(found: Attributes, registers: Registers): object {
	const {left, parse} = registers.get(numberOf(found.get(1))) ?? somewhat;
	const op = ['==', '!='][numberOf(found.get(2))] ?? 'in';
	const data = attributes(found.get(3)).get(1);

	return {match: {op, left, right: data ? parse(data) : unknown}};
}

/** A set without a name may have a limit for what it holds, which no list shows. */
function lookedUp(found: Attributes, registers: Registers): object {
	const set = text(found.get(1));
	const isMap = found.has(3);
	const {left} = registers.get(numberOf(found.get(2))) ?? somewhat;

	return isMap || set.startsWith('__')
		? {unlisted: 'lookup'}
		: {match: {op: numberOf(found.get(5)) === 0 ? '==' : '!=', left, right: `@${set}`}};
}

const verdicts: ReadonlyMap<number, string> = new Map([
	[0, 'drop'],
	[1, 'accept'],
	[-1, 'continue'],
	[-5, 'return'],
	[-3, 'jump'],
	[-4, 'goto'],
]);

/** A verdict; what is loaded into another register is for something that is not known here. */
function verdictOf(found: Attributes): object {
	const verdict = attributes(attributes(found.get(2)).get(2));
	const name = verdicts.get(numberOf(verdict.get(1)) | 0);

	if (numberOf(found.get(1)) !== 0 || name === undefined) {
		return {unlisted: 'immediate'};
	}

	return {[name]: verdict.has(2) ? {target: text(verdict.get(2))} : null};
}

/** The `jump` or `goto` among the expressions of a rule, if there is one. */
export function jumpOf(expressions: readonly KernelExpression[]): object | undefined {
	return expressions
		.filter(({name}) => name === 'immediate')
		.map(({data}) => verdictOf(attributes(data)))
		.find(statement => 'jump' in statement || 'goto' in statement);
}
