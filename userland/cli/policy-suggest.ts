// SPDX-License-Identifier: MIT
import {parseDocument, stringify} from 'yaml';
import type {PairStatus, PeerStatus} from '../control/protocol.ts';
import {ruleName} from '../policy/rule-name.ts';
import type {SelectionWords} from '../policy/selectors.ts';
import type {AcceptRule, PairRule, Policy, Who} from '../policy/types.ts';

/** A rule that would let pass what `mode: audit` has seen. */
export type Suggestion = {
	readonly section: 'pairs' | 'accept';
	readonly who: Who | readonly [Who, Who];
	/** That would have been diverted by it. */
	readonly packets: number;
	/** The rule that audits them now. */
	readonly audited_by: string | null;
} & SelectionWords;

/** Of pairs in dom0, or of the peers of a guest; one for each, the busiest first: none wider than what was seen. */
export function suggestionsFrom(
	status: {
		readonly pairs: readonly PairStatus[] | null;
		readonly peers: readonly PeerStatus[];
	},
	{pairs: pairRules, accept}: Pick<Policy, 'pairs' | 'accept'> = {pairs: [], accept: []},
): Suggestion[] {
	const pairs = (status.pairs ?? []).map(
		({a, b, rule, audited_packets: packets = 0}): Suggestion => ({
			...{section: 'pairs', who: [whoOf(a), whoOf(b)], packets, audited_by: rule},
			...selectionOf(pairRules, rule),
		}),
	);
	const peers = status.peers.map(
		({peer, domid, rule, audited_packets: packets = 0}): Suggestion => ({
			...{section: 'accept', who: whoOf({name: peer, domid}), packets, audited_by: rule},
			...selectionOf(accept, rule),
		}),
	);

	return [...pairs, ...(status.pairs === null ? peers : [])]
		.filter(({packets}) => packets > 0)
		.sort((one, other) => other.packets - one.packets);
}

/** What was counted is what that rule would divert: without its selectors the suggested one would be wider. */
function selectionOf(
	rules: ReadonlyArray<PairRule | AcceptRule>,
	name: string | null,
): SelectionWords {
	const {only, except} = rules.find(rule => ruleName(rule) === name) ?? {};

	return {...(only && {only}), ...(except && {except})};
}

type Named = {
	readonly name: string;
	readonly domid: number;
	readonly is_name_shared?: boolean | undefined;
	readonly uuid?: string | null | undefined;
};

/** By name where that is enough. */
function whoOf({name, domid, uuid, is_name_shared: isShared}: Named): Who {
	if (domid === 0) {
		return 'dom0';
	}
	if (isShared && uuid) {
		return {uuid};
	}

	return /[*?]|^(?:dom0|any-guest|Domain-0)$/.test(name) ? {name} : name;
}

/** A file that stands before the rules that audit. */
export function suggestedPolicy(suggestions: readonly Suggestion[]): string {
	const lines = (section: Suggestion['section']) => {
		const own = suggestions.filter(each => each.section === section);
		const rules = own.map(
			({who, packets, only, except}) =>
				`  # ${packets} packets\n  - allow: ${flow(who)}\n${wordsText({only, except})}`,
		);

		return own.length === 0 ? [] : [`${section}:\n`, ...rules];
	};

	return ['version: 1\n', ...lines('pairs'), ...lines('accept')].join('').replace(/\n$/, '');
}

function wordsText(words: SelectionWords): string {
	return Object.entries(words)
		.map(([key, value]) => (value === undefined ? '' : `    ${key}: ${flow(value)}\n`))
		.join('');
}

function flow(value: unknown): string {
	const text = stringify(value, {
		collectionStyle: 'flow',
		lineWidth: 0,
		flowCollectionPadding: false,
	});

	return parseDocument(text).errors.length === 0
		? text.replace(/\n$/, '')
		: JSON.stringify(value);
}
