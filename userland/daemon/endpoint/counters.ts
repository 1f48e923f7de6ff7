// SPDX-License-Identifier: MIT
import type {Kernel, Peer} from '../../kernel/kernel.ts';
import type {Log} from '../log.ts';
import type {Work} from '../rescan.ts';
import type {Detours} from './detours.ts';
import type {Idle} from './idle.ts';
import type {Choice, LivePeer, Sizes} from './sizes.ts';
import {createStats, type StatsWorld} from './stats.ts';
import type {DesiredPeer} from './desired.ts';

type CountersWorld = StatsWorld & {
	readonly sizes: Sizes;
	readonly idle: Pick<Idle, 'update'>;
	kernel(): Kernel | undefined;
	/** Does the module tell of what must not wait for the next look? */
	notifiesCounts(): boolean;
	desiredPeers(): readonly DesiredPeer[];
	readonly detours: Pick<Detours, 'update' | 'isNews'>;
	/** A channel ought to have rings of another size, or dom0 to hear something else. */
	changed(): void;
};

/** In ms; what dom0 lists of a guest is as old as that at most. */
export const countersPeriod = 30_000;
/* Of a module that does not. */
const unnotifiedPeriod = 5000;
/* Only after a look that found a ring full: a channel that is quiet costs no more than before. */
const soon = 1000;

/** Answers what looks at the counters of live channels, for dom0's lists and for the size of our rings. */
export function createCounters(world: CountersWorld): Work {
	const {sizes, log} = world;
	const tell = createStats(world);

	return async () => {
		/* A module that just went away is somebody else's news. */
		const peers: readonly Peer[] =
			(await world
				.kernel()
				?.peers()
				.catch(() => [])) ?? [];
		const isNew = world.detours.update(peers);
		const live = peers.filter(isLive);
		const audited = auditedOf(world.desiredPeers());
		await tell(
			live,
			peers.filter(({domid}) => audited.has(domid)),
		);
		const choices = sizes.update(live, rangesOf(world.desiredPeers()));
		for (const choice of choices) {
			report(choice, log);
		}
		const idle = world.idle.update(live, timeoutsOf(world.desiredPeers()));
		for (const {domid, epoch, name} of idle) {
			log.info('channel.idle', {peer: name, domid, epoch});
		}
		if (isNew || choices.length > 0 || idle.length > 0) {
			world.changed();
		}
		if (sizes.isFilling()) {
			return soon;
		}

		return world.notifiesCounts() ? dueIn(timeoutsOf(world.desiredPeers())) : unnotifiedPeriod;
	};
}

/** In time to notice that a channel is idle; undefined: the usual period will do. */
function dueIn(timeouts: ReadonlyMap<number, number>): number | undefined {
	return timeouts.size === 0
		? undefined
		: Math.max(unnotifiedPeriod, Math.min(...timeouts.values()) * 500);
}

/** The module tells of a peer: does that make a look worth while, or is it known, or of no use? */
export function isWorthLook(
	peer: Peer,
	{sizes, detours, desiredPeers}: Pick<CountersWorld, 'sizes' | 'detours' | 'desiredPeers'>,
): boolean {
	const range = rangesOf(desiredPeers()).get(peer.domid);

	return (
		detours.isNews(peer) ||
		(isLive(peer) && range !== undefined && sizes.mayFill(peer.domid, range))
	);
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
