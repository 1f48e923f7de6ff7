// SPDX-License-Identifier: MIT
import type {Patterns} from './patterns.ts';
import type {AcceptRule, PairRule, Verdict} from './types.ts';

/** Names that the same patterns match are one class: where one may go, the others may. */
export type NameClass<R extends PairRule | AcceptRule> = {
	/** By their numbers. */
	readonly patterns: ReadonlySet<number>;
	/** How many rules name one of them. */
	readonly cost: number;
	readonly verdicts: Map<NameClass<R>, Verdict<R>>;
};

/** Guests may be renamed for ever, so not every name that ever was is kept. */
const namesMost = 20_000;

/** The class of a name. `rulesOf`: how many rules name a pattern. */
export function classifier<R extends PairRule | AcceptRule>(
	{matching}: Patterns,
	rulesOf: (pattern: number) => number,
): (name: string) => NameClass<R> {
	const byName = new Map<string, NameClass<R>>();
	const byPatterns = new Map<string, NameClass<R>>();

	const classify = (name: string) => {
		const numbers = matching(name).filter(number => rulesOf(number) > 0);
		const key = numbers.sort((a, b) => a - b).join();
		const known = byPatterns.get(key);
		const cost = numbers.reduce((sum, number) => sum + rulesOf(number), 0);
		const found = known ?? {patterns: new Set(numbers), cost, verdicts: new Map()};

		byPatterns.set(key, found);

		return found;
	};

	return name => {
		let found = byName.get(name);

		if (!found) {
			if (byName.size >= namesMost) {
				byName.clear();
				byPatterns.clear();
			}
			found = classify(name);
			byName.set(name, found);
		}

		return found;
	};
}
