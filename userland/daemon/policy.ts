// SPDX-License-Identifier: MIT
import {emptyPolicy, inForce, type LoadedPolicy} from '../policy/load.ts';
import {prepare} from '../policy/match.ts';
import type {PolicyWatch} from '../policy/watch.ts';
import type {Log} from './log.ts';
import {forEach, together} from './together.ts';

/** The policy in force, read anew as the files change. */
type CurrentPolicy = {
	latest(): LoadedPolicy;
	/** Reads it again now; through when `latest` is what was read. */
	reload(): Promise<void>;
	/** Calls `ready` once there is a policy, and `changed` for each one after that. */
	run(
		signal: AbortSignal,
		calls: {ready(signal: AbortSignal): Promise<void>; changed(): void},
	): Promise<void>;
};

export function createPolicy(watch: (signal: AbortSignal) => PolicyWatch, log: Log): CurrentPolicy {
	let latest = inForce({policy: emptyPolicy, errors: [], dir: undefined});
	const waiting: Array<() => void> = [];
	let ask = () => {};

	const take = (loaded: LoadedPolicy) => {
		latest = loaded;
		const {dir, policy, errors, warnings} = loaded;
		log.info('policy.loaded', {dir, pairs: policy.pairs.length, accept: policy.accept.length});
		for (const {message} of errors) {
			log.error('policy.refused', {message});
		}
		for (const message of warnings) {
			log.warn('policy.warned', {message});
		}
		for (const resolve of waiting.splice(0)) {
			resolve();
		}
	};

	return {
		latest: () => latest,
		reload: () =>
			new Promise(resolve => {
				waiting.push(resolve);
				ask();
			}),
		async run(signal, {ready, changed}) {
			let open = () => {};
			const opened = new Promise<void>(resolve => (open = resolve));
			const follow = async (inner: AbortSignal) => {
				const policies = watch(inner);
				ask = () => policies.reload();
				try {
					await forEach(policies, async loaded => {
						await prepare(loaded.policy);
						take(loaded);
						open();
						changed();
					});
				} finally {
					open();
				}
			};
			const start = async (inner: AbortSignal) => {
				await opened;
				if (!inner.aborted) {
					await ready(inner);
				}
			};
			await together(signal, [follow, start]);
		},
	};
}
