// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import {ruleName} from '../../policy/rule-name.ts';
import {compileSelection} from '../../policy/selectors.ts';
import type {PairRule, Verdict} from '../../policy/types.ts';
import {whoText} from '../../policy/who.ts';
import type {Selection} from '../../selectors.ts';

/** What policy says about a pair; pairs for which the same rule decides share the object. */
export type Terms = {
	/** Where the policy decided, for people. */
	readonly rule: string | undefined;
	/** Stays the same while the same words decide, wherever in the files they stand. */
	readonly digest: string;
	readonly ringPages: number | undefined;
	readonly ringPagesMin: number | undefined;
	readonly queues: number;
	readonly idleTimeoutS: number | undefined;
	readonly isEager: boolean;
	readonly isAudit: boolean;
	/** Which packets are diverted; undefined: all. */
	readonly selection: Selection | undefined;
};

/** More rarely pay: flows are few, and the memory is shared among them. */
const defaultQueues = 4;

const termsByRule = new WeakMap<object, Terms>();

/** For the verdict that no rule gave. */
const noRule = {};

export function termsOf({action, rule}: Verdict<PairRule>): Terms {
	let terms = termsByRule.get(rule ?? noRule);

	if (!terms) {
		const {ringPages, ringPagesMin, queues, idleTimeoutS, isOnDemand, isAudit} = rule ?? {};
		const words = [ringPages, ringPagesMin, queues].map(word => word ?? 'default');
		const others = [idleTimeoutS, isOnDemand, isAudit].filter(word => word !== undefined);
		const selection = rule && compileSelection(rule);
		const selected = selection === undefined ? [] : [JSON.stringify(selection)];
		const whos = rule?.between.map(whoText) ?? [];
		const text = [action, ...whos, ...words, ...others.map(String), ...selected].join(' ');
		const digest = createHash('sha256').update(text).digest('hex').slice(0, 8);
		terms = {
			...{rule: ruleName(rule), digest, ringPages, ringPagesMin},
			queues: queues ?? defaultQueues,
			...{idleTimeoutS, isEager: isOnDemand === false, isAudit: isAudit === true},
			selection,
		};
		termsByRule.set(rule ?? noRule, terms);
	}

	return terms;
}
