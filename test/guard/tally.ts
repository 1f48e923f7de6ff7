// SPDX-License-Identifier: MIT
import type {Trial} from './trial.ts';
import type {Refusal} from './verdict.ts';

/** How often the product was right, and what it refused for nothing. */
export type Tally = {
	add(trial: Trial): void;
	/** Rulesets so far. */
	count(): number;
	print(): string;
};

/** As many kinds of false refusals are shown. */
const shown = 30;

export function createTally(): Tally {
	const counts = {
		'none, nothing lost': 0,
		'refused, something lost': 0,
		'refused, nothing lost': 0,
	};
	const reasons = new Map<string, number>();
	let rulesets = 0;

	return {
		add({judged}) {
			rulesets += 1;
			for (const {refusal, bypassed} of judged) {
				if (refusal === undefined) {
					counts['none, nothing lost'] += bypassed.length === 0 ? 1 : 0;
				} else if (bypassed.length > 0) {
					counts['refused, something lost'] += 1;
				} else {
					counts['refused, nothing lost'] += 1;
					const reason = reasonOf(refusal);
					reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
				}
			}
		},
		count: () => rulesets,
		print() {
			const common = [...reasons].sort(([, one], [, other]) => other - one).slice(0, shown);

			return [
				...Object.entries(counts).map(([what, count]) => `${count}\tpairs ${what}`),
				'refused for nothing, by reason:',
				...common.map(([reason, count]) => `${count}\t${reason}`),
			].join('\n');
		},
	};
}

/** A refusal without the names and values that are this ruleset's alone. */
export function reasonOf({kind, text, rule}: Refusal): string {
	const said = rule ? `${rule.table.split(' ')[0] ?? ''}: ${rule.text}` : text;
	const plain = said
		.replace(/ comment ".*"$/, '')
		.replace(/counter packets \d+ bytes \d+ /, '')
		.replace(/\{.*?\}|"[^"]*"|@\w+/g, '_')
		.replace(/\b(vif|xenbr|base|sub|t|set|map)\d+(\.0)?\*?/g, '_')
		.replace(/\b[0-9a-fx]*([:.][0-9a-f]*)+\b(\/\d+)?/gi, '_')
		.replace(/\b\d+(-\d+)?\b/g, '_');

	return `${kind}: ${plain}`;
}
