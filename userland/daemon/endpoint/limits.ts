// SPDX-License-Identifier: MIT
import {once} from 'node:events';
import type {Enforcement} from '../../enforcement/enforcement.ts';
import type {Limits} from '../../limits.ts';
import type {Refusal} from '../refusal.ts';
import {describe, sentence, type Log} from '../log.ts';
import {forEach} from '../together.ts';
import type {Known} from './steps.ts';

export type LimitsWorld = {
	readonly log: Log;
	readonly enforcement: Enforcement;
	/** Hints that our rules may have been changed by somebody. Throws where nothing says so. */
	watchOwnRules(signal: AbortSignal): AsyncIterable<unknown>;
};

/** What dom0 lets our peers send us, enforced before the kernel takes a packet of theirs. */
export type EnforcedLimits = {
	/** Whether dom0 may count on us. */
	isAble(): Promise<boolean>;
	/** Brings the rules in line with what is announced. Answers why peers with limits may have no channel now. */
	hold(known: Pick<Known, 'announced' | 'kernel'>): Promise<Refusal | undefined>;
	/** Calls `changed` when the rules are to be looked at, until the signal aborts; each look does so anyway. */
	listen(signal: AbortSignal, changed: () => void): Promise<void>;
};

export function createLimits({log, enforcement, watchOwnRules}: LimitsWorld): EnforcedLimits {
	let held: ReadonlyMap<string, Limits> = new Map();
	let failure: string | undefined;

	return {
		isAble: () => enforcement.isAble(),
		async hold(known) {
			const wanted = limitsFor(known, held);

			try {
				const done = await enforcement.enforce(wanted);

				held = wanted;
				failure = undefined;
				if (done === 'restored') {
					log.warn('limits.restored', {
						reason: 'somebody had changed or removed table netdev coloop',
					});
				} else if (done === 'changed') {
					log.info('limits.set', {addresses: wanted.size});
				}

				return undefined;
			} catch (error) {
				const reason = sentence(error);

				if (reason !== failure) {
					log.error('limits.failed', describe(error));
				}
				failure = reason;

				return refusal(reason);
			}
		},
		async listen(signal, changed) {
			try {
				await forEach(watchOwnRules(signal), changed);
			} catch (error) {
				log.warn('limits.unwatched', describe(error));
			}
			if (!signal.aborted) {
				await once(signal, 'abort');
			}
		},
	};
}

/**
 * By Ethernet address. Who is announced is locked as announced; who is not any more stays locked as before, as long as the
 * kernel knows the peer and takes its packets.
 */
function limitsFor(
	{announced, kernel}: Pick<Known, 'announced' | 'kernel'>,
	held: ReadonlyMap<string, Limits>,
): ReadonlyMap<string, Limits> {
	const known = [...(kernel?.values() ?? [])].flatMap(({links}) => links);
	const kept = known.flatMap(({remoteMac}) => {
		const limit = held.get(remoteMac);

		return limit === undefined ? [] : [[remoteMac, limit] as const];
	});
	const limits = new Map(kept);

	for (const announcement of announced.values()) {
		for (const {remoteMac} of announcement?.links ?? []) {
			if (announcement?.limits === undefined) {
				limits.delete(remoteMac);
			} else {
				limits.set(remoteMac, announcement.limits);
			}
		}
	}

	return limits;
}

function refusal(reason: string): Refusal {
	return {code: 'limits', reason: `what it may send us is not enforced: ${reason}`};
}
