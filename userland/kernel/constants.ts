// SPDX-License-Identifier: MIT
// Generated from kmod/spec/coloop.yaml by `make generate`, do not edit.
export const family = {name: 'coloop', version: 4} as const;

/** Longest name of a peer in bytes, terminator excluded. */
export const nameMax = 64;

/** Most links one peer may have. */
export const linksMax = 16;

/** The smallest ring that takes the largest record and leaves room for small ones. */
export const orderMin = 5;

/** Largest ring, as a power of two of 4096-byte pages. */
export const orderMax = 9;

/** Bytes in an Ethernet address. */
export const macLen = 6;

/** Most queues of a channel. */
export const queuesMax = 8;

/** Largest busy-poll of a peer, in microseconds. */
export const busyPollMax = 1000;

/** Most selectors of a peer: 16 from each of two policies. */
export const selectorsMax = 32;

/** Most pages that one side grants the other, beyond rings. */
export const fragPagesMax = 4096;

/** Oldest version of the shared page format this module speaks. */
export const protocolMin = 1;

/** Newest version of the shared page format this module speaks. */
export const protocolMax = 1;

/** Queueing disciplines that only order packets and drop them at their limit or by their delay. A channel takes nothing from anybody by passing them; any other on a lower device is a rule. */
export const plainDisciplines = [
	'noqueue',
	'pfifo_fast',
	'pfifo',
	'bfifo',
	'pfifo_head_drop',
	'fq_codel',
	'codel',
	'sfq',
	'fq_pie',
	'pie',
] as const;

/** Queueing disciplines that are as plain where their options name no rate: fq without maxrate, cake with unlimited bandwidth. */
export const ratedDisciplines = ['fq', 'cake'] as const;

/** The states drawn at the top of channel.c, in the same order. */
export const channelStates = [
	'closed',
	'offered',
	'mapped',
	'live',
	'draining',
	'broken',
	'stalled',
] as const;

/** Why a channel left the state before. */
export const reasons = [
	'none',
	'asked',
	'peer-closed',
	'peer-removed',
	'epoch',
	'bad-index',
	'bad-record',
	'bad-state',
	'stalled',
	'suspend',
	'unload',
	'timeout',
	'device',
	'bad-frame',
	'blocked',
] as const;

/** Why a packet to a peer, or all of a link, takes the ordinary path. */
export const ordinarys = [
	'none',
	'no-channel',
	'qdisc',
	'tc',
	'pacing',
	'size',
	'form',
	'neighbour',
	'xdp',
	'inactive',
	'netns',
	'no-hook',
	'selector',
] as const;

/** A packet is diverted where each `only` list that has selectors has one that it matches. */
export const selectorLists = ['only', 'and-only', 'except'] as const;

/** The module and the host resources it holds. */
export const infoAttributes = {
	protocolMin: {id: 1, type: 'u32'},
	protocolMax: {id: 2, type: 'u32'},
	features: {id: 3, type: 'u32'},
	ifindex: {id: 4, type: 'u32'},
	peers: {id: 5, type: 'u32'},
	channels: {id: 6, type: 'u32'},
	grants: {id: 7, type: 'u32'},
	maps: {id: 8, type: 'u32'},
	ports: {id: 9, type: 'u32'},
	deferred: {id: 10, type: 'u32'},
	moduleVersion: {id: 11, type: 'string'},
	grantLimit: {id: 12, type: 'u32'},
} as const;

/** One pair of interfaces through which we and the peer reach each other. */
export const linkAttributes = {
	ifindex: {id: 1, type: 'u32'},
	localMac: {id: 2, type: 'binary'},
	remoteMac: {id: 3, type: 'binary'},
	mtu: {id: 4, type: 'u32'},
	blocked: {id: 5, type: 'u32'},
} as const;

/** How many packets took the ordinary path for one reason. */
export const countAttributes = {
	pad: {id: 1, type: 'pad'},
	reason: {id: 2, type: 'u32'},
	packets: {id: 3, type: 'u64'},
} as const;

/** Where a packet comes from or goes to. What is absent matches anything. */
export const endAttributes = {
	ipv4: {id: 1, type: 'binary'},
	ipv6: {id: 2, type: 'binary'},
	prefix: {id: 3, type: 'u32'},
	portMin: {id: 4, type: 'u16'},
	portMax: {id: 5, type: 'u16'},
} as const;

/** The fast path to one peer. */
export const channelAttributes = {
	pad: {id: 1, type: 'pad'},
	state: {id: 2, type: 'u32'},
	reason: {id: 3, type: 'u32'},
	order: {id: 4, type: 'u32'},
	listen: {id: 5, type: 'flag'},
	controlRef: {id: 6, type: 'u32'},
	eventPort: {id: 7, type: 'u32'},
	since: {id: 8, type: 'u64'},
	txPackets: {id: 9, type: 'u64'},
	txBytes: {id: 10, type: 'u64'},
	rxPackets: {id: 11, type: 'u64'},
	rxBytes: {id: 12, type: 'u64'},
	eventsSent: {id: 13, type: 'u64'},
	eventsReceived: {id: 14, type: 'u64'},
	backlogged: {id: 15, type: 'u64'},
	returned: {id: 16, type: 'u64'},
	droppedBacklog: {id: 17, type: 'u64'},
	droppedSource: {id: 18, type: 'u64'},
	droppedHeader: {id: 19, type: 'u64'},
	droppedMemory: {id: 20, type: 'u64'},
	detail: {id: 21, type: 'u32'},
	remoteOrder: {id: 22, type: 'u32'},
	queuedBytes: {id: 23, type: 'u32'},
	queues: {id: 24, type: 'u32'},
	spins: {id: 25, type: 'u64'},
	spinsPaid: {id: 26, type: 'u64'},
	droppedDevice: {id: 27, type: 'u64'},
	waits: {id: 28, type: 'u64'},
	waitsPaid: {id: 29, type: 'u64'},
	grantedFragPages: {id: 30, type: 'u32'},
	mappedFragPages: {id: 31, type: 'u32'},
	referredBytes: {id: 32, type: 'u64'},
} as const;

/** Some of a peer's packets. */
export const selectorAttributes = {
	list: {id: 1, type: 'u32'},
	proto: {id: 2, type: 'u32'},
	either: {id: 3, type: 'flag'},
	from: {id: 4, type: 'nest', set: endAttributes},
	to: {id: 5, type: 'nest', set: endAttributes},
} as const;

/** Which of a peer's packets are diverted. */
export const selectorsAttributes = {
	selector: {id: 1, type: 'nest', set: selectorAttributes, multi: true},
	id: {id: 2, type: 'u32'},
} as const;

/** Another domain on this host. */
export const peerAttributes = {
	domid: {id: 1, type: 'u32'},
	epoch: {id: 2, type: 'u32'},
	name: {id: 3, type: 'string'},
	link: {id: 4, type: 'nest', set: linkAttributes, multi: true},
	channel: {id: 5, type: 'nest', set: channelAttributes},
	wanted: {id: 6, type: 'flag'},
	busyPoll: {id: 7, type: 'u32'},
	ordinary: {id: 8, type: 'nest', set: countAttributes, multi: true},
	selectors: {id: 9, type: 'nest', set: selectorsAttributes},
	selectorsId: {id: 10, type: 'u32'},
	fragPages: {id: 11, type: 'u32'},
} as const;

export const commands = {
	infoGet: 1,
	peerNew: 2,
	peerSet: 3,
	peerDel: 4,
	peerGet: 5,
	channelOffer: 6,
	channelAttach: 7,
	channelClose: 8,
	wantNtf: 9,
	channelNtf: 10,
	suspendNtf: 11,
	resumeNtf: 12,
	countsNtf: 13,
} as const;

export const groups = {
	events: 'events',
} as const;
