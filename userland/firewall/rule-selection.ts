// SPDX-License-Identifier: MIT
import type {CompiledRule} from './compile-rule.ts';
import type {Pin} from './match.ts';
import type {Index} from './operand.ts';
import type {Traffic} from './traffic.ts';

/**
 * Finds the rules of a chain that may match some traffic. A host with hundreds of guests has a rule or two for each, so
 * rules that ask for one device, address or port are found by that; the others are tried each time.
 */
export function selectRules(
	rules: readonly CompiledRule[],
): (traffic: Traffic) => readonly CompiledRule[] {
	const always: number[] = [];
	const pinned = new Map<Index, Map<string, number[]>>();

	for (const [at, {conditions}] of rules.entries()) {
		const pin = conditions.find(condition => condition.pin)?.pin;
		if (pin) {
			addTo(pinned, pin, at);
		} else {
			always.push(at);
		}
	}
	if (pinned.size === 0) {
		return () => rules;
	}

	return traffic => {
		const found = new Set(always);

		for (const [index, byValue] of pinned) {
			const value = valueAt(index, traffic);
			const lists = value === undefined ? byValue.values() : [byValue.get(value) ?? []];
			for (const list of lists) {
				for (const at of list) {
					found.add(at);
				}
			}
		}
		const order = [...found];
		if (found.size > always.length) {
			order.sort((one, other) => one - other);
		}

		return order.flatMap(at => rules[at] ?? []);
	};
}

function addTo(pinned: Map<Index, Map<string, number[]>>, {index, values}: Pin, at: number): void {
	const byValue = pinned.get(index) ?? new Map<string, number[]>();

	pinned.set(index, byValue);
	for (const value of values) {
		const list = byValue.get(value);
		if (list) {
			list.push(at);
		} else {
			byValue.set(value, [at]);
		}
	}
}

/** Undefined where the value is not known: then any of them may match. */
function valueAt(index: Index, traffic: Traffic): string | undefined {
	switch (index) {
		case 'saddr':
		case 'daddr':
			return traffic[index]?.toLowerCase();
		case 'physin':
			return traffic.ports?.input ?? '';
		case 'physout':
			return traffic.ports?.output ?? '';
		default:
			return traffic[index];
	}
}
