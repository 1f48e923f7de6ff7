// SPDX-License-Identifier: MIT
import {domainName} from '../domain-name.ts';
import {ColoopError} from '../errors.ts';

export type Named = {readonly name: string; readonly domid: number};

/**
 * The domain that a person means by its name or its domid; undefined: nobody is called so. What could
 * mean two domains is never guessed: throws USAGE, with what would be clear.
 */
export function resolveName<T extends Named>(given: string, domains: Iterable<T>): T | undefined {
	const fitting = new Map<number, T>();
	for (const domain of domains) {
		if (isNamed(domain, given) || String(domain.domid) === given) {
			fitting.set(domain.domid, domain);
		}
	}
	if (fitting.size > 1) {
		throw ambiguous(given, [...fitting.values()]);
	}

	return fitting.values().next().value;
}

/** Said where a person asked for a domain that is none of ours. */
export function noPeer(given: string): ColoopError {
	return new ColoopError('PEER', `no peer is called ${given}`, {
		hint: '`coloop list` names them',
	});
}

/** `dom0` is the control domain, and whoever else is called so. */
function isNamed({name, domid}: Named, given: string): boolean {
	return name === given || name === domainName(given) || (domid === 0 && given === 'dom0');
}

function ambiguous(given: string, domains: readonly Named[]): ColoopError {
	const texts = domains.map(({name, domid}) => `domain ${domid}, called ${name}`);
	/* A domid is clear unless it is also a name, and the other way round. */
	const isClear = (word: string) =>
		domains.filter(({name, domid}) => name === word || String(domid) === word).length === 1;
	const words = domains.flatMap(({name, domid}) => [String(domid), name].find(isClear) ?? []);

	return new ColoopError('USAGE', `${given} is ambiguous: ${texts.join('; ')}`, {
		hint: words.length > 0 ? `say ${words.join(' or ')}` : 'rename one of them: xl rename',
	});
}
