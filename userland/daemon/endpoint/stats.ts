// SPDX-License-Identifier: MIT
import type {Kernel} from '../../kernel/kernel.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {unixOf, type Clock} from '../clock.ts';
import {renderStats} from '../values.ts';

const period = 5000;

type Told = {readonly since: bigint; readonly unix: number; text: string};

/** Tells dom0 every 5 s what went over our live channels, where that has changed. */
export async function tellStats(
	store: Store,
	paths: Own,
	kernel: () => Kernel | undefined,
	clock: Clock,
	signal: AbortSignal,
): Promise<void> {
	const told = new Map<number, Told>();
	while (!signal.aborted) {
		await clock.sleep(period, signal);
		if (signal.aborted) return;
		/* A module that just went away is somebody else's news. */
		const peers =
			(await kernel()
				?.peers()
				.catch(() => [])) ?? [];
		for (const {domid, channel} of peers) {
			if (channel?.state !== 'live') continue;
			const before = told.get(domid);
			const isSame = before?.since === channel.since;
			const unix = isSame ? before.unix : unixOf(channel.since, clock);
			const text = renderStats({...channel, since: unix});
			told.set(domid, {since: channel.since, unix, text});
			if (before?.text !== text) await store.write(`${paths.stats}/${domid}`, text);
		}
	}
}
