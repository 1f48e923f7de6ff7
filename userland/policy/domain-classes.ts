// SPDX-License-Identifier: MIT
import type {Bearers} from './bearers.ts';
import type {Identity, RuleSource, Verdict} from './types.ts';

type Rule = {readonly source: RuleSource};
import {isDom0} from './who.ts';

/** Domains that rules name alike are one class: where one may go, the others may. */
export type DomainClass<R extends Rule> = {
	/** What names them, by its number. */
	readonly whos: ReadonlySet<number>;
	/** How many rules have one of them. */
	readonly cost: number;
	readonly verdicts: Map<DomainClass<R>, Verdict<R>>;
};

type Known<R extends Rule> = {
	readonly of: Identity;
	readonly is: DomainClass<R>;
};

/** Guests may be renamed for ever, so not every name that ever was is kept. */
const namesMost = 20_000;

/** The class of a domain. `rulesOf`: how many rules have one whom they name. */
export function classifier<R extends Rule>(
	{matching}: Bearers,
	rulesOf: (who: number) => number,
): (identity: Identity) => DomainClass<R> {
	const byName = new Map<string, Known<R>>();
	const byWhos = new Map<string, DomainClass<R>>();

	const classify = (identity: Identity) => {
		const numbers = matching(identity).filter(number => rulesOf(number) > 0);
		const key = numbers.sort((a, b) => a - b).join();
		const known = byWhos.get(key);
		const cost = numbers.reduce((sum, number) => sum + rulesOf(number), 0);
		const found = known ?? {whos: new Set(numbers), cost, verdicts: new Map()};

		byWhos.set(key, found);

		return found;
	};

	return identity => {
		const {name, uuid, tags, domid, isNameShared} = identity;
		const known = byName.get(name);
		if (known && isAlike(known.of, identity)) {
			return known.is;
		}

		if (byName.size >= namesMost) {
			byName.clear();
			byWhos.clear();
		}
		const is = classify(identity);
		byName.set(name, {of: {name, uuid, tags, domid, isNameShared}, is});

		return is;
	};
}

/** To rules; of two with one name. */
function isAlike(one: Identity, other: Identity): boolean {
	return (
		one.uuid === other.uuid &&
		(one.tags ?? []).join() === (other.tags ?? []).join() &&
		(one.isNameShared ?? false) === (other.isNameShared ?? false) &&
		isDom0(one) === isDom0(other)
	);
}
