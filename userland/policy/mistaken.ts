// SPDX-License-Identifier: MIT
import {dom0Name, domainName} from '../domain-name.ts';
import {nameProblem, printable} from '../names.ts';
import type {NamePattern, Who} from './types.ts';
import {anyGuest} from './who.ts';

/** What is wrong with what is meant to name a domain. */
export function problemOf(who: Who, seen: Map<string, NamePattern>): string | undefined {
	if (who === anyGuest) {
		return undefined;
	}
	if (typeof who === 'string') {
		const problem = mistaken(who) ?? lookalike(who, seen);

		return problem && `"${printable(who)}" ${problem}`;
	}
	if (!('name' in who)) {
		return undefined;
	}
	const problem = unfit(who.name) ?? lookalike(who.name, seen);

	return problem && `"${printable(who.name)}" ${problem}`;
}

function mistaken(pattern: NamePattern): string | undefined {
	if (domainName(pattern) === dom0Name) {
		return undefined;
	}

	return mistakes.find(([looks]) => looks.test(pattern))?.[1] ?? unfit(pattern);
}

const byName = 'is read as a name, and no domain is called so';
const without = 'uuid: and tag: work without quotes around them';

const mistakes: ReadonlyArray<readonly [RegExp, string]> = [
	[/^\d{1,5}$/, 'is the name of a domain, not its domid, which changes at every boot'],
	[
		/^(?:uuid[:=] ?)?\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i,
		'looks like a UUID, and is read as a name: write uuid: before it, without quotes',
	],
	[/^(?:uuid|tag)[:=]/i, `${byName}: ${without}`],
	[/^(?:tags|group|label|domid|id|name)[:=]/i, byName],
	[/^@|^any[-_ ]?(?:guests?|vms?|domains?)$/i, byName],
	[
		/^(?:dom[-_ ]?0|domain[-_ ]?0|control[-_ ]domain.*)$/i,
		'is not dom0, which is written dom0 or Domain-0',
	],
	[
		/\S\[[^\]]*\]|\{[^}]*,[^}]*\}|^\^|\$$|\|/,
		'is compared as it stands: only * and ? are wildcards',
	],
	[/,\s/, 'is one name: several need a rule each, or brackets around a pair'],
	[/^\s|\s$/, 'begins or ends with a space'],
];

function unfit(pattern: NamePattern): string | undefined {
	if (printable(pattern) !== pattern) {
		return 'has characters that nobody sees';
	}
	const problem = /[*?]/.test(pattern) ? undefined : nameProblem(pattern);

	return problem === undefined ? undefined : `${problem}: a domain of that name gets no channel`;
}

/** `seen`: by what they look like, the patterns so far. */
function lookalike(pattern: NamePattern, seen: Map<string, NamePattern>): string | undefined {
	const looks = pattern.normalize('NFC');
	const other = seen.get(looks) ?? pattern;
	seen.set(looks, other);

	return other === pattern
		? undefined
		: 'looks like another name of this policy, and is spelled with other code points (Unicode NFC or NFD)';
}
