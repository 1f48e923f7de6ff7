// SPDX-License-Identifier: MIT
import type {Policy} from './types.ts';

/** The policies of several files as one: rules and tags in order; of each number the first that says it. */
export function joinPolicies(policies: readonly Policy[]): Policy {
	const tags = policies.flatMap(policy => policy.tags ?? []);
	const memory = policies.find(policy => policy.memory !== undefined)?.memory;
	const limits = policies.flatMap(policy => policy.limits ?? []);

	return {
		...(tags.length > 0 && {tags}),
		...(memory && {memory}),
		...(limits.length > 0 && {limits}),
		pairs: policies.flatMap(policy => policy.pairs),
		accept: policies.flatMap(policy => policy.accept),
		hostSilence: policies.find(policy => policy.hostSilence !== undefined)?.hostSilence,
	};
}
