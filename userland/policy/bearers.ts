// SPDX-License-Identifier: MIT
import {dom0Name, domainName} from '../domain-name.ts';
import {createPatterns} from './patterns.ts';
import type {Identity, Tag, Who} from './types.ts';
import {anyGuest, isDom0, whoText} from './who.ts';

/** Whom rules name, each with a number of its own, and which of them a domain is. */
export type Bearers = {
	/** The number of what a rule of this kind names, which is known from then on. */
	number(who: Who, action: 'allow' | 'deny'): number;
	/** The numbers of all that name this domain, in no order. */
	matching(identity: Identity): number[];
};

/** A name that is shared, or claimed, does for a deny only. */
type Numbered = {readonly number: number; readonly action: 'allow' | 'deny'};

type Index = Map<string, Numbered[]>;

export function createBearers(tags: readonly Tag[] = []): Bearers {
	const numbers = new Map<string, number>();
	const patterns = createPatterns();
	const byPattern = new Map<number, Numbered[]>();
	const [byName, byUuid, byWord]: [Index, Index, Index] = [new Map(), new Map(), new Map()];
	const byTag: Index = new Map();

	const register = (who: Who, entry: Numbered) => {
		if (typeof who !== 'string') {
			if ('tag' in who) {
				add(byTag, who.tag, entry);
				membersOf(who.tag, tags).forEach(member => register(member, entry));
			} else if ('uuid' in who) {
				add(byUuid, who.uuid, entry);
			} else {
				add(byName, who.name, entry);
			}
		} else if (who === anyGuest || domainName(who) === dom0Name) {
			add(byWord, domainName(who), entry);
		} else {
			add(byPattern, patterns.number(who), entry);
		}
	};
	const byAnyName = (name: string) => [
		...patterns.matching(name).flatMap(pattern => byPattern.get(pattern) ?? []),
		...(byName.get(name) ?? []),
		/* A guest that took dom0's name. */
		...(name === dom0Name ? (byWord.get(name) ?? []).filter(isDeny) : []),
	];

	return {
		number(who, action) {
			const key = `${action} ${typeof who} ${whoText(who)}`;
			let number = numbers.get(key);
			if (number === undefined) {
				number = numbers.size;
				numbers.set(key, number);
				register(who, {number, action});
			}

			return number;
		},
		matching(identity) {
			const {name, uuid, tags: own = [], isNameShared = false} = identity;
			const named = byAnyName(name).filter(entry => !isNameShared || isDeny(entry));
			const known = [
				...((uuid === undefined ? undefined : byUuid.get(uuid)) ?? []),
				...own.flatMap(tag => byTag.get(tag) ?? []),
				...(byWord.get(isDom0(identity) ? dom0Name : anyGuest) ?? []),
			];

			return [...new Set([...named, ...known].map(({number}) => number))];
		},
	};
}

function isDeny({action}: Numbered): boolean {
	return action === 'deny';
}

/** No tag is another's member. */
function membersOf(name: string, tags: readonly Tag[]): Who[] {
	return tags.filter(({tag}) => tag === name).flatMap(({members}) => members);
}

function add<K>(index: Map<K, Numbered[]>, key: K, entry: Numbered): void {
	const list = index.get(key);
	if (list) {
		list.push(entry);
	} else {
		index.set(key, [entry]);
	}
}
