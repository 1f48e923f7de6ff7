// SPDX-License-Identifier: MIT
import {pathsOf} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {forEach} from '../together.ts';

/** One watch for each domain, on what it says to us; dom0 has no watch quota. */
export type Visits = {
	/** Watches these domains and no others. */
	update(domids: readonly number[]): void;
	/** Holds the watches until the signal aborts; throws when one of them fails. */
	run(signal: AbortSignal): Promise<void>;
};

export function createVisits(store: Store, changed: (domid: number) => void): Visits {
	const watched = new Map<number, AbortController>();
	let fail: (error: unknown) => void = () => {};

	const visit = async (domid: number, signal: AbortSignal) => {
		const {said, stats} = pathsOf(domid);
		await forEach(store.watch(said, signal), path => {
			/* Counters come every few seconds, and are read when somebody asks. */
			if (!path.startsWith(stats)) changed(domid);
		});
	};
	const leave = (domid: number) => {
		watched.get(domid)?.abort();
		watched.delete(domid);
	};
	const enter = (domid: number) => {
		const controller = new AbortController();
		watched.set(domid, controller);
		visit(domid, controller.signal).catch((error: unknown) => fail(error));
	};

	return {
		update(domids) {
			const here = new Set(domids);
			[...watched.keys()].filter(domid => !here.has(domid)).forEach(leave);
			domids.filter(domid => !watched.has(domid)).forEach(enter);
		},
		run: signal =>
			new Promise((resolve, reject) => {
				const leaveAll = () => [...watched.keys()].forEach(leave);
				fail = error => {
					leaveAll();
					reject(error);
				};
				const stop = () => {
					leaveAll();
					resolve();
				};
				if (signal.aborted) stop();
				else signal.addEventListener('abort', stop, {once: true});
			}),
	};
}
