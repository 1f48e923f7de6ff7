// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {systemClock} from '../../userland/daemon/clock.ts';
import {openFirewall} from '../../userland/firewall/firewall.ts';
import {keptFor, realTime} from '../../userland/firewall/part.ts';
import {refusalBetween, type FirewallState} from '../../userland/firewall/state.ts';
import {realTools} from '../../userland/firewall/tools.ts';
import {watchFirewall} from '../../userland/firewall/watch.ts';
import {watchRoute, watchTables} from '../../userland/kernel/notices.ts';
import {devices, pairs} from './places.ts';
import type {Verdict} from './verdict.ts';

/** The daemon's way to know: what it read when it last heard that something had changed. */
export type Live = {
	/**
	 * Milliseconds until it says of every pair what a whole reading says; undefined: not in time, which is longer by
	 * `keptFor` where that cannot be read.
	 */
	agree(verdict: Verdict, limit: number): Promise<number | undefined>;
	close(): void;
};

/** As userland/daemon/world.ts puts it together. */
export function openLive(): Live {
	const stop = new AbortController();
	const firewall = openFirewall(realTools, {...realTime, warn() {}});
	let state: FirewallState | 'unread' | undefined;
	const events = watchFirewall(
		firewall,
		{...systemClock(), watchRoute, watchTables},
		stop.signal,
	)[Symbol.asyncIterator]();
	const follow = async () => {
		while ((await events.next()).done !== true) {
			// What the last good reading said stands for a time in there; then nothing is allowed.
			state = await firewall.read({devices}).catch(() => 'unread' as const);
		}
	};
	follow().catch((error: unknown) => {
		if (!stop.signal.aborted) {
			throw error;
		}
	});
	const isAgreed = (verdict: Verdict) =>
		pairs.every(([{port: a}, {port: b}]) => {
			const isRefused =
				state === 'unread' || (state && refusalBetween(a, b, state) !== undefined);

			return isRefused === (verdict(a, b) !== undefined);
		});

	return {
		async agree(verdict, limit) {
			const began = performance.now();
			const most = verdict.isUnread ? limit + keptFor : limit;
			while (!isAgreed(verdict)) {
				if (performance.now() - began > most) {
					return undefined;
				}
				await sleep(10);
			}

			return performance.now() - began;
		},
		close: () => stop.abort(),
	};
}
