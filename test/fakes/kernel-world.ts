// SPDX-License-Identifier: MIT
//
// The rules of kernel.ts: what the modules of one host do to each other.
import {constants} from 'node:os';
import {ColoopError} from '../../userland/errors.ts';
import type {EventQueue} from '../../userland/event-queue.ts';
import {SystemError} from '../../userland/netlink-js/index.ts';
import type {
	Channel,
	ChannelState,
	KernelEvent,
	Offer,
	OfferOptions,
	Peer,
	PeerConfig,
} from '../../userland/kernel/kernel.ts';
import {family} from '../../userland/kernel/constants.ts';
import {noModule} from '../../userland/kernel/errors.ts';

/** What one domain's module knows of one peer. */
type Side = {
	config: PeerConfig;
	wanted: boolean;
	/** Has been told to look at the counters, and has not. */
	told: boolean;
	channel: Channel | undefined;
	/** What keeps all its links on the ordinary path. */
	blocked: string | undefined;
	readonly ordinary: Map<string, bigint>;
	/** While our pages are granted. */
	offer: (Offer & {readonly listen: boolean; readonly queues: number}) | undefined;
};

type FakeModule = {
	readonly sides: Map<number, Side>;
	readonly queues: Set<EventQueue<KernelEvent>>;
	loaded: boolean;
	/** Of the family. */
	version: number;
};

/** `lastNumber` numbers grants, ports and moments, so that no two are alike. */
export type FakeWorld = {readonly modules: Map<number, FakeModule>; lastNumber: number};

const defaultOrder = 8;

/** A channel that has carried nothing. */
export const blank = {
	order: undefined,
	remoteOrder: undefined,
	queues: undefined,
	detail: 0,
	queuedBytes: 0,
	txPackets: 0n,
	txBytes: 0n,
	rxPackets: 0n,
	rxBytes: 0n,
	eventsSent: 0n,
	eventsReceived: 0n,
	backlogged: 0n,
	returned: 0n,
	droppedBacklog: 0n,
	droppedSource: 0n,
	droppedHeader: 0n,
	droppedMemory: 0n,
	droppedDevice: 0n,
	waits: 0n,
	waitsPaid: 0n,
	referredBytes: 0n,
	grantedFragPages: 0,
	mappedFragPages: 0,
} as const satisfies Partial<Channel>;

export function moduleOf(world: FakeWorld, self: number): FakeModule {
	const module = world.modules.get(self) ?? {
		sides: new Map(),
		queues: new Set(),
		loaded: true,
		version: family.version,
	};

	world.modules.set(self, module);

	return module;
}

export function expectModule(world: FakeWorld, self: number): FakeModule {
	const module = moduleOf(world, self);

	if (!module.loaded) {
		throw noModule();
	}

	return module;
}

export function expectSide(world: FakeWorld, self: number, domid: number, epoch?: number): Side {
	const side = expectModule(world, self).sides.get(domid);

	if (side === undefined) {
		throw refused('ENOENT', 'no such peer (domid)');
	}
	if (epoch !== undefined && epoch !== side.config.epoch) {
		throw refused('ESTALE', 'the peer has another epoch (epoch)');
	}

	return side;
}

export function newSide(config: PeerConfig): Side {
	return {
		...{config, wanted: false, told: false, blocked: undefined, ordinary: new Map()},
		...{channel: undefined, offer: undefined},
	};
}

export function say(world: FakeWorld, self: number, event: KernelEvent): void {
	moduleOf(world, self).queues.forEach(queue => queue.push(event));
}

/** Once until the peer is read; a module of an older version says nothing. */
export function tellCounts(world: FakeWorld, self: number, side: Side): void {
	if (!side.told && moduleOf(world, self).version >= 3) {
		side.told = true;
		say(world, self, {kind: 'counts', peer: snapshot(side)});
	}
}

export function snapshot({config, wanted, channel, blocked, ordinary}: Side): Peer {
	const links = config.links.map(link => ({mtu: 0, ...link, blocked}));

	const {selectors, ...rest} = config;
	const selectorsId = selectors?.id ?? 0;

	return {
		...{busyPollUs: 0, ...rest, selectorsId, links},
		...{ordinary: new Map(ordinary), wanted, channel},
	};
}

/** A module of an older family version parses strictly, too. */
export function refuseUnknown({version}: FakeModule, {links, selectors}: PeerConfig): void {
	if (version < 4 && selectors) {
		throw refused('EINVAL', 'Unknown attribute type (selectors)');
	}
	if (version < 2 && links.some(({mtu}) => mtu)) {
		throw refused('EINVAL', 'Unknown attribute type (link.mtu)');
	}
}

export function enter(
	world: FakeWorld,
	self: number,
	side: Side,
	state: ChannelState,
	reason: string,
	change: Partial<Channel> = {},
): void {
	const since = BigInt(++world.lastNumber);

	side.channel = {...blank, ...side.channel, ...change, state, reason, since};
	side.wanted = false;
	say(world, self, {kind: 'channel', peer: snapshot(side)});
}

/** Ends our side of a channel; a peer that has mapped our pages sees that and ends its own. */
export function end(
	world: FakeWorld,
	self: number,
	domid: number,
	state: ChannelState,
	reason: string,
): void {
	const side = moduleOf(world, self).sides.get(domid);

	if (side?.channel === undefined || side.channel.state === 'closed') {
		return;
	}
	side.offer = undefined;
	enter(world, self, side, state, reason, blank);
	const seen = moduleOf(world, domid).sides.get(self)?.channel?.state;

	if (seen === 'mapped' || seen === 'live') {
		end(world, domid, self, 'closed', 'peer-closed');
	}
}

export function offer(
	world: FakeWorld,
	self: number,
	domid: number,
	epoch: number,
	{listen, order = defaultOrder, queues = 1}: OfferOptions,
): Offer {
	const side = expectSide(world, self, domid, epoch);

	if (side.offer !== undefined) {
		throw refused('EBUSY', 'the peer has a channel already (domid)');
	}
	if (side.blocked !== undefined) {
		throw refused('EOPNOTSUPP', 'no link may have a channel now (domid)');
	}
	side.offer = {
		listen,
		queues,
		controlRef: ++world.lastNumber,
		eventPort: listen ? ++world.lastNumber : 0,
	};
	enter(world, self, side, 'offered', 'asked', {...blank, order});

	return {controlRef: side.offer.controlRef, eventPort: side.offer.eventPort};
}

export function attach(
	world: FakeWorld,
	self: number,
	domid: number,
	epoch: number,
	{controlRef, eventPort}: Offer,
): void {
	const side = expectSide(world, self, domid, epoch);
	const remote = moduleOf(world, domid).sides.get(self);

	if (side.channel?.state !== 'offered' || side.offer === undefined) {
		throw refused('EINVAL', 'offer our own pages first (channel)');
	}
	if (remote?.offer?.controlRef !== controlRef || remote.config.epoch !== epoch) {
		throw refused('EIO', 'the pages cannot be mapped (channel.controlRef)');
	}
	if (remote.offer.listen === side.offer.listen || remote.offer.eventPort !== eventPort) {
		throw refused('EINVAL', 'the event channel cannot be bound (channel.eventPort)');
	}
	enter(world, self, side, 'mapped', 'asked', {
		remoteOrder: remote.channel?.order,
		queues: Math.min(side.offer.queues, remote.offer.queues),
	});
	if (remote.channel?.state === 'mapped') {
		enter(world, self, side, 'live', 'none');
		enter(world, domid, remote, 'live', 'none');
	}
}

/** As the real client words it: the module's sentence, the error number as its cause. */
export function refused(code: keyof typeof constants.errno, sentence: string): ColoopError {
	const cause = new SystemError('netlink', constants.errno[code]);

	return new ColoopError('KERNEL', sentence, {cause});
}
