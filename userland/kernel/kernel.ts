// SPDX-License-Identifier: MIT
import type {Selector} from '../selectors.ts';

/** States and reasons carry the names of kmod/spec/coloop.yaml. */
export type ChannelState =
	'closed' | 'offered' | 'mapped' | 'live' | 'draining' | 'broken' | 'stalled';

/** A lower device of ours and the addresses at both ends, `aa:bb:cc:dd:ee:ff` in lower case. */
export type Link = {
	readonly ifindex: number;
	readonly localMac: string;
	readonly remoteMac: string;
	/** Longest IP packet of the ordinary path between them; 0: what our device's MTU says. */
	readonly mtu?: number;
};

/** A link as the module has it; `blocked`, a name of the spec's `ordinary`, keeps all of it off. */
export type LinkState = Link & {readonly blocked: string | undefined};

/** Counters since the channel was offered; bytes include the Ethernet header. */
export type ChannelCounters = {
	readonly txPackets: bigint;
	readonly txBytes: bigint;
	readonly rxPackets: bigint;
	readonly rxBytes: bigint;
	readonly eventsSent: bigint;
	readonly eventsReceived: bigint;
	readonly backlogged: bigint;
	readonly returned: bigint;
	readonly droppedBacklog: bigint;
	readonly droppedSource: bigint;
	readonly droppedHeader: bigint;
	readonly droppedMemory: bigint;
	/** Because the lower device was down, or its link blocked. */
	readonly droppedDevice: bigint;
	/** How often a reader has waited in Xen instead of sleeping, and how often a packet ended that. */
	readonly waits: bigint;
	readonly waitsPaid: bigint;
	/** Those of `txBytes` that the peer read from pages which are granted to it. */
	readonly referredBytes: bigint;
};

export type Channel = ChannelCounters & {
	readonly state: ChannelState;
	/** A name of the spec's `reason`, e.g. `bad-index`. */
	readonly reason: string;
	/** Ring sizes are 4096 << order bytes; undefined where not known yet. */
	readonly order: number | undefined;
	readonly remoteOrder: number | undefined;
	/** Rings each way; undefined before both sides have met. */
	readonly queues: number | undefined;
	/** Nanoseconds of CLOCK_BOOTTIME at which the state was entered. */
	readonly since: bigint;
	readonly detail: number;
	readonly queuedBytes: number;
	/** Pages of ours that the peer may read packets from, beyond the rings, and pages of the peer's. */
	readonly grantedFragPages: number;
	readonly mappedFragPages: number;
};

export type Peer = {
	readonly domid: number;
	readonly epoch: number;
	readonly name: string;
	readonly links: readonly LinkState[];
	/** What the selectors that it has were called; 0 or undefined: none. */
	readonly selectorsId?: number | undefined;
	/** How many packets took the ordinary path, by names of the spec's `ordinary`. */
	readonly ordinary: ReadonlyMap<string, bigint>;
	readonly wanted: boolean;
	/** How long to wait for the next packet, in microseconds; kept by the module, not used yet. */
	readonly busyPollUs: number;
	/** Most pages that may be granted to the peer; a module older than us does not say. */
	readonly fragPages?: number | undefined;
	readonly channel: Channel | undefined;
};

export type ModuleInfo = {
	readonly protocolMin: number;
	readonly protocolMax: number;
	readonly features: number;
	readonly ifindex: number;
	readonly peers: number;
	readonly channels: number;
	readonly grants: number;
	readonly maps: number;
	readonly ports: number;
	readonly deferred: number;
	readonly moduleVersion: string;
	/** Of the family; 1 knows neither the MTU of a link nor what blocks it, 2 tells no `counts`, 3 knows no selectors. */
	readonly familyVersion: number;
	/** How many grants it may hold; a module older than us does not say. */
	readonly grantLimit: number | undefined;
};

export type KernelEvent =
	| {readonly kind: 'want'; readonly peer: Peer}
	| {readonly kind: 'channel'; readonly peer: Peer}
	/** Packets wait for room, or are kept on the ordinary path; said again after the next `peers()`. */
	| {readonly kind: 'counts'; readonly peer: Peer}
	| {readonly kind: 'suspend'}
	| {readonly kind: 'resume'}
	/** The socket lost notifications; read everything again. */
	| {readonly kind: 'overrun'};

/** Of which packets are diverted; `id` is anything but 0, by which `Peer` tells them. */
export type PeerSelectors = {
	readonly id: number;
	readonly list: ReadonlyArray<{
		readonly list: 'only' | 'and-only' | 'except';
		readonly selector: Selector;
	}>;
};

/** `selectors`: none in a new peer and as they were in another, if not given. `busyPollUs`: 0 in a new peer and as it was in another, if not given. */
export type PeerConfig = {
	readonly domid: number;
	readonly epoch: number;
	readonly name: string;
	readonly links: readonly Link[];
	readonly busyPollUs?: number;
	readonly selectors?: PeerSelectors;
	/** Most pages granted to the peer: 0 in a new one, and as it was in another, if not given. */
	readonly fragPages?: number;
};

/** What a peer must know to attach; `eventPort` is 0 where the other side allocates it. */
export type Offer = {readonly controlRef: number; readonly eventPort: number};

/** `order`: each ring of ours is 4096 << order bytes, 8 if not given; `queues`: 1 if not given. */
export type OfferOptions = {
	readonly listen: boolean;
	readonly order?: number;
	readonly queues?: number;
};

/** The module's control interface; real over netlink (client.ts), in memory in tests. */
export type Kernel = {
	info(): Promise<ModuleInfo>;
	peers(): Promise<Peer[]>;
	peerNew(peer: PeerConfig): Promise<void>;
	peerSet(peer: PeerConfig): Promise<void>;
	peerDelete(domid: number): Promise<void>;
	/** Grants our pages; `listen` also allocates the event channels (the lower domid does). */
	offer(domid: number, epoch: number, options: OfferOptions): Promise<Offer>;
	attach(domid: number, epoch: number, offer: Offer): Promise<void>;
	close(domid: number): Promise<void>;
	/** Notifications from now on; ends with the signal, throws when the module goes away. */
	events(signal: AbortSignal): AsyncIterable<KernelEvent>;
	dispose(): Promise<void>;
};
