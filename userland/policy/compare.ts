// SPDX-License-Identifier: MIT
import {limitsTexts, optionTexts, ruleText} from './render.ts';
import type {AcceptRule, LimitsRule, PairRule, Policy} from './types.ts';

/** A rule, tag or number that only one of two policies has. */
export type Change = {
	readonly sign: '-' | '+';
	readonly where: 'tags' | 'pairs' | 'accept' | 'limits' | 'host_silence_s' | 'memory_mib';
	readonly text: string;
	readonly rule: PairRule | AcceptRule | LimitsRule | undefined;
};

/**
 * What makes one policy the other, in order. Where rules only changed places, those that moved are told as gone
 * and come.
 */
export function changesBetween(before: Policy, after: Policy): Change[] {
	return [
		...changes('host_silence_s', silenceOf(before), silenceOf(after)),
		...changes('memory_mib', memoryOf(before), memoryOf(after)),
		...changes('tags', tagsOf(before), tagsOf(after)),
		...changes('pairs', before.pairs.map(line), after.pairs.map(line)),
		...changes('accept', before.accept.map(line), after.accept.map(line)),
		...changes('limits', limitsOf(before), limitsOf(after)),
	];
}

type Line = {readonly text: string; readonly rule: Change['rule']};

function line(rule: PairRule | AcceptRule): Line {
	const options = optionTexts(rule).map(text => `, ${text}`);

	return {text: `${ruleText(rule)}${options.join('')}`, rule};
}

function limitsOf({limits = []}: Policy): Line[] {
	return limits.map(rule => ({
		text: [ruleText(rule), ...limitsTexts(rule.limits)].join(', '),
		rule,
	}));
}

function silenceOf({hostSilence}: Policy): Line[] {
	return hostSilence ? [{text: String(hostSilence.seconds), rule: undefined}] : [];
}

function memoryOf({memory}: Policy): Line[] {
	return memory ? [{text: String(memory.mib), rule: undefined}] : [];
}

function tagsOf({tags = []}: Policy): Line[] {
	return tags.flatMap(({tag, members}) =>
		(members.length === 0 ? ['[]'] : members.map(who => JSON.stringify(who))).map(text => ({
			text: `${tag}: ${text}`,
			rule: undefined,
		})),
	);
}

/** By the longest run that both have in common; of long lists only what differs in the middle. */
function changes(
	where: Change['where'],
	before: readonly Line[],
	after: readonly Line[],
): Change[] {
	const isSame = (one: Line | undefined, other: Line | undefined) => one?.text === other?.text;
	let start = 0;
	while (start < Math.min(before.length, after.length) && isSame(before[start], after[start])) {
		start++;
	}
	let end = 0;
	while (
		end < Math.min(before.length, after.length) - start &&
		isSame(before[before.length - 1 - end], after[after.length - 1 - end])
	) {
		end++;
	}
	const gone = before.slice(start, before.length - end);
	const come = after.slice(start, after.length - end);
	const kept = commonOf(gone, come);

	return [
		...gone.filter(each => !kept.has(each)).map(each => ({sign: '-' as const, where, ...each})),
		...come.filter(each => !kept.has(each)).map(each => ({sign: '+' as const, where, ...each})),
	];
}

/** More are all told as changed: the table has the product of both lengths. */
const comparedMost = 2000;

function commonOf(gone: readonly Line[], come: readonly Line[]): Set<Line> {
	if (gone.length > comparedMost || come.length > comparedMost) {
		return new Set();
	}
	const lengths = Array.from({length: gone.length + 1}, () => new Uint16Array(come.length + 1));
	const at = (i: number, j: number) => lengths[i]?.[j] ?? 0;
	for (let i = gone.length - 1; i >= 0; i--) {
		for (let j = come.length - 1; j >= 0; j--) {
			const longest =
				gone[i]?.text === come[j]?.text
					? at(i + 1, j + 1) + 1
					: Math.max(at(i + 1, j), at(i, j + 1));
			lengths[i]?.fill(longest, j, j + 1);
		}
	}
	const kept = new Set<Line>();
	for (let i = 0, j = 0; i < gone.length && j < come.length;) {
		const [one, other] = [gone[i], come[j]];
		if (one && other && one.text === other.text) {
			kept.add(one).add(other);
			i++;
			j++;
		} else if (at(i + 1, j) >= at(i, j + 1)) {
			i++;
		} else {
			j++;
		}
	}

	return kept;
}
