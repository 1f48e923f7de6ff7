// SPDX-License-Identifier: MIT
import {domainPath, libxlVifsPath, pathsOf, vmPath} from '../../xenstore/paths.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import {forEach} from '../together.ts';

/**
 * Watches on what each domain says, and on what the toolstack says of it; dom0 has no watch quota. One
 * on all of `/local/domain` would be one request instead of six a domain, and then bring an event for
 * every node that we write, and every one that any device driver does.
 */
export type GuestWatches = {
	/** Watches the domain; through when nothing that changes from then on is missed. */
	enter(domid: number): Promise<void>;
	leave(domid: number): void;
	/** Holds the watches until the signal aborts; throws when one of them fails. */
	run(signal: AbortSignal): Promise<void>;
};

export function createGuestWatches(
	store: Store,
	changed: (domid: number, path: StorePath) => void,
): GuestWatches {
	const watched = new Map<number, AbortController>();
	let fail: (error: unknown) => void = () => {};

	const watch = (domid: number, path: StorePath, signal: AbortSignal) =>
		new Promise<void>(resolve => {
			let isRegistered = false;
			const hear = (event: StorePath) => {
				/* The first event is the answer to the registration. */
				if (isRegistered) {
					changed(domid, event);
				}
				isRegistered = true;
				resolve();
			};
			forEach(store.watch(path, signal), hear)
				.catch((error: unknown) => fail(error))
				.finally(resolve);
		});
	const leave = (domid: number) => {
		watched.get(domid)?.abort();
		watched.delete(domid);
	};

	return {
		async enter(domid) {
			const controller = new AbortController();
			leave(domid);
			watched.set(domid, controller);
			await Promise.all(
				pathsOfInterest(domid).map(path => watch(domid, path, controller.signal)),
			);
		},
		leave,
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
				if (signal.aborted) {
					stop();
				} else {
					signal.addEventListener('abort', stop, {once: true});
				}
			}),
	};
}

function pathsOfInterest(domid: number): StorePath[] {
	const {fromGuest, name} = pathsOf(domid);
	const home = domainPath(domid);

	return [fromGuest, name, vmPath(domid), `${home}/cpu`, `${home}/target`, libxlVifsPath(domid)];
}
