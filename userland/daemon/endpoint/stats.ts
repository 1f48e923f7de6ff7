// SPDX-License-Identifier: MIT
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {unixOf, type Clock} from '../clock.ts';
import {renderStats} from '../values.ts';
import type {LivePeer} from './sizes.ts';

type Told = {readonly since: bigint; readonly unix: number; text: string};

/** Answers what tells dom0 what went over our live channels, where that has changed. */
export function createStats(store: Store, paths: Own, clock: Clock) {
	const told = new Map<number, Told>();
	return async (live: readonly LivePeer[]): Promise<void> => {
		for (const {domid, channel} of live) {
			const before = told.get(domid);
			const isSame = before?.since === channel.since;
			const unix = isSame ? before.unix : unixOf(channel.since, clock);
			const text = renderStats({...channel, since: unix});
			told.set(domid, {since: channel.since, unix, text});
			if (before?.text !== text) await store.write(`${paths.stats}/${domid}`, text);
		}
	};
}
