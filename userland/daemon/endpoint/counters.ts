// SPDX-License-Identifier: MIT
import type {Kernel, Peer} from '../../kernel/kernel.ts';
import type {Log} from '../log.ts';
import type {Detours} from './detours.ts';
import type {Idle} from './idle.ts';
import type {Choice, LivePeer, Sizes} from './sizes.ts';
import {createStats, type StatsWorld} from './stats.ts';
import type {DesiredPeer} from './desired.ts';

type CountersWorld = StatsWorld & {
	readonly sizes: Sizes;
	readonly idle: Pick<Idle, 'saw'>;
	kernel(): Kernel | undefined;
	desiredPeers(): readonly DesiredPeer[];
	readonly detours: Pick<Detours, 'saw'>;
	/** A channel ought to have rings of another size, or dom0 to hear something else. */
	changed(): void;
};

const period = 5000;
/* Only after a look that found a ring full: a channel that is quiet costs no more than before. */
const soon = 1000;

/** Looks at the counters of live channels, for dom0's lists and for the size of our rings. */
export async function watchCounters(world: CountersWorld, signal: AbortSignal): Promise<void> {
	const {sizes, clock, log} = world;
	const tell = createStats(world);
	while (!signal.aborted) {
		await clock.sleep(sizes.isFilling() ? soon : period, signal);
		if (signal.aborted) {
			return;
		}
		/* A module that just went away is somebody else's news. */
		const peers: readonly Peer[] =
			(await world
				.kernel()
				?.peers()
				.catch(() => [])) ?? [];
		const isNew = world.detours.saw(peers);
		const live = peers.filter(isLive);
		const audited = auditedOf(world.desiredPeers());
		await tell(
			live,
			peers.filter(({domid}) => audited.has(domid)),
		);
		const choices = sizes.saw(live, rangesOf(world.desiredPeers()));
		for (const choice of choices) {
			report(choice, log);
		}
		const idle = world.idle.saw(live, timeoutsOf(world.desiredPeers()));
		for (const {domid, epoch, name} of idle) {
			log.info('channel.idle', {peer: name, domid, epoch});
		}
		if (isNew || choices.length > 0 || idle.length > 0) {
			world.changed();
		}
	}
}

export function isLive(peer: Peer): peer is LivePeer {
	return peer.channel?.state === 'live';
}

function rangesOf(desiredPeers: readonly DesiredPeer[]) {
	return new Map(desiredPeers.map(({config, range}) => [config.domid, range]));
}

function auditedOf(desiredPeers: readonly DesiredPeer[]): Set<number> {
	return new Set(desiredPeers.flatMap(({config, isAudit}) => (isAudit ? [config.domid] : [])));
}

function timeoutsOf(desiredPeers: readonly DesiredPeer[]) {
	return new Map(
		desiredPeers.flatMap(({config, idleTimeoutS}) =>
			idleTimeoutS === undefined ? [] : [[config.domid, idleTimeoutS] as const],
		),
	);
}

function report({peer, order, reason}: Choice, log: Log): void {
	const {domid, epoch, name, channel} = peer;
	const [from, to] = [channel.order ?? 0, order].map(each => 4096 << each);
	log.info('size.chosen', {peer: name, domid, epoch, reason, from, to});
}
