// SPDX-License-Identifier: MIT
import {ColoopError} from '../../errors.ts';
import type {Kernel} from '../../kernel/kernel.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import type {Log} from '../log.ts';
import {readSilence, type HostState, type Silence} from './silence.ts';

export type UnheardWorld = {
	readonly silence: Silence;
	readonly paths: Own;
	readonly clock: Clock;
	readonly log: Log;
	openKernel(): Promise<Kernel>;
};

/** How long XenStore may take to answer. */
const patience = 10_000;

/** Reads whether the host role lives, until the signal aborts, and tells when that changes. */
export async function listenToHost(
	store: Store,
	world: UnheardWorld,
	changed: () => void,
	signal: AbortSignal,
): Promise<void> {
	const {silence, clock, log} = world;
	let before: HostState | undefined;

	while (!signal.aborted) {
		const isAnswered = await answersInTime(
			readSilence(store, world.paths, silence),
			clock,
			signal,
		);
		const state = silence.state();
		if (state !== before && !signal.aborted) {
			report(state, log);
			changed();
		}
		before = state;
		if (!isAnswered && !signal.aborted) {
			await endUnheard(world);
		}
		await clock.sleep(silence.next(), signal);
	}
}

/**
 * Where XenStore does not answer, nobody plans: takes all peers from the kernel, so that packets take the
 * ordinary path. Touches nothing while the silence may still be a short one.
 */
export async function endUnheard({silence, log, openKernel}: UnheardWorld): Promise<void> {
	if (silence.state() !== 'silent') {
		return;
	}
	const kernel = await openKernel().catch(unlessAbsent);
	if (kernel === undefined) {
		return;
	}
	try {
		const peers = await kernel.peers();
		for (const {domid, name} of peers) {
			await kernel.peerDelete(domid);
			log.warn('peer.removed', {domid, peer: name, reason: silence.refusal()?.reason});
		}
	} finally {
		await kernel.dispose();
	}
}

/** Where it comes too late, what it says counts all the same, whenever it comes. */
async function answersInTime(
	reading: Promise<void>,
	clock: Clock,
	signal: AbortSignal,
): Promise<boolean> {
	const inTime = new AbortController();
	const stop = () => inTime.abort();
	signal.addEventListener('abort', stop);
	try {
		return await Promise.race([
			reading.then(() => true),
			clock.sleep(patience, inTime.signal).then(() => false),
		]);
	} finally {
		signal.removeEventListener('abort', stop);
		stop();
		reading.catch(() => {});
	}
}

function unlessAbsent(error: unknown): undefined {
	if (error instanceof ColoopError && error.code === 'NO_MODULE') {
		return undefined;
	}
	throw error;
}

function report(state: HostState, log: Log): void {
	switch (state) {
		case 'silent':
			log.warn('host.silent');

			return;
		case 'lives':
			log.info('host.lives');

			return;
		case 'unknown':
			/* Channels then live on without a bound, as they did before there was such a word. */
			log.info('host.unknown');
	}
}
