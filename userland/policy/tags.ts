// SPDX-License-Identifier: MIT
import {PolicyError, shownMost} from './errors.ts';
import type {Policy, RuleSource, Who} from './types.ts';

/** A rule that names a tag which no file gives: misspelled in a deny, it would let everything pass. */
type UnknownTag = {
	readonly where: 'pairs' | 'accept' | 'limits';
	readonly source: RuleSource;
	readonly message: string;
};

export function* tagsUnknown({
	pairs,
	accept,
	limits = [],
	tags = [],
}: Policy): Generator<UnknownTag> {
	const known = new Set(tags.map(({tag}) => tag));
	const isUnknown = (who: Who): who is {tag: string} =>
		typeof who === 'object' && 'tag' in who && !known.has(who.tag);
	const message = ({tag}: {readonly tag: string}) =>
		`expected a tag that a file gives under tags:, got ${tag}`;

	for (const {between, source} of pairs) {
		yield* between
			.filter(isUnknown)
			.map(who => ({where: 'pairs' as const, source, message: message(who)}));
	}
	for (const {peer, source} of accept) {
		if (isUnknown(peer)) {
			yield {where: 'accept', source, message: message(peer)};
		}
	}
	for (const {domain, source} of limits) {
		if (isUnknown(domain)) {
			yield {where: 'limits', source, message: message(domain)};
		}
	}
}

/** The same as an error of a policy that is complete. */
export function unknownTags(
	policy: Policy,
	pathOf: (file: string) => string,
): PolicyError | undefined {
	const shown = [...tagsUnknown(policy)].map(({source, where, message}) => ({
		...{...source, file: pathOf(source.file)},
		...{where, message},
	}));

	return shown.length === 0
		? undefined
		: new PolicyError(shown.slice(0, shownMost), {more: Math.max(0, shown.length - shownMost)});
}
