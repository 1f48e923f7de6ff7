// SPDX-License-Identifier: MIT
import {hostAlive} from '../../xenstore/paths.ts';
import {refusalName} from '../../xenstore/errors.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';

/** How often the host role says that it lives, in ms. */
const alivePeriod = 10_000;

type World = {readonly clock: Clock; readonly log: Log};

/**
 * Says in XenStore that the host role lives, until the signal aborts. `host` is what it says of itself
 * in every domain's tree; a count behind it makes each value another one. A refused write is logged
 * once; throws when the connection is lost.
 */
export async function sayAlive(
	store: Store,
	host: string,
	{clock, log}: World,
	signal: AbortSignal,
): Promise<void> {
	let isRefused = false;

	for (let count = 1; !signal.aborted; count++) {
		try {
			if (count === 1) {
				await makeReadable(store);
			}
			await store.write(hostAlive, `${host} ${count}`);
			isRefused = false;
		} catch (error) {
			if (refusalName(error) === undefined) {
				throw error;
			}
			if (!isRefused) {
				log.warn('alive.refused', describe(error));
			}
			isRefused = true;
		}
		await clock.sleep(alivePeriod, signal);
	}
}

/** A permission list may hold five entries: all domains may read, instead of each by its number. */
async function makeReadable(store: Store): Promise<void> {
	await store.mkdir(hostAlive);
	await store.setPermissions(hostAlive, [{domid: 0, access: 'read'}]);
}
