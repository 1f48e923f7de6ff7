// SPDX-License-Identifier: MIT
import {existsSync} from 'node:fs';
import {connectRequests} from './requests.ts';
import {openTransport, places} from './transport.ts';
import {terminated, types} from './wire.ts';

type PresenceOptions = {
	readonly isDom0: boolean;
	sleep(ms: number, signal: AbortSignal): Promise<void>;
	/** Hears why it takes longer, once for each reason. */
	waits(reason: string): void;
};

const period = 1000;

/**
 * Resolves when XenStore can be opened, however long that takes, or when the signal aborts. In a guest that is
 * when there is a device. In dom0 the device is there before xenstored, and takes requests that nobody answers yet:
 * there it counts once it answers, as it does where xenstored is a domain of its own.
 */
export async function awaitStore(
	{isDom0, sleep, waits}: PresenceOptions,
	signal: AbortSignal,
	{sockets, devices} = places,
	asks = ask,
): Promise<void> {
	const enough = new AbortController();
	const there = (paths: readonly string[]) => paths.some(path => existsSync(path));
	let answers = !isDom0;
	let asking: Promise<void> | undefined;
	let lastReason: string | undefined;
	try {
		while (!signal.aborted && !there(sockets) && !(answers && there(devices))) {
			if (there(devices)) {
				asking ??= asks({sockets: [], devices}, enough.signal).then(
					() => void (answers = true),
					() => void (asking = undefined),
				);
			}
			const reason = there(devices)
				? 'xenstored does not answer yet; coloopd waits for it'
				: 'this machine has no XenStore yet; coloopd waits for it';
			if (reason !== lastReason) {
				waits(reason);
				lastReason = reason;
			}
			await sleep(period, signal);
		}
	} finally {
		enough.abort();
	}
}

/** Resolves when it answers anything; the signal ends the asking. */
async function ask(where: typeof places, signal: AbortSignal): Promise<void> {
	const requests = await connectRequests(listener => openTransport(listener, where));
	signal.addEventListener('abort', () => requests.close());
	try {
		await requests.ask(types.directory, '/', terminated('/'));
	} finally {
		requests.close();
	}
}
