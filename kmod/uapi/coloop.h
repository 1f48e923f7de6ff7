/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Generated from kmod/spec/coloop.yaml by `make generate`, do not edit. */

#ifndef _UAPI_LINUX_COLOOP_H
#define _UAPI_LINUX_COLOOP_H

/*
 * Tells the module which domains on this host are peers, makes and ends the
 * channels to them and reports what became of them. Every request needs
 * CAP_NET_ADMIN in the network namespace that owns coloop0. Every refusal
 * carries a sentence in the extended acknowledgement.
 */

#define COLOOP_FAMILY_NAME "coloop"
#define COLOOP_FAMILY_VERSION 4

/* Longest name of a peer in bytes, terminator excluded. */
#define COLOOP_NAME_MAX 64

/* Most links one peer may have. */
#define COLOOP_LINKS_MAX 16

/* The smallest ring that takes the largest record and leaves room for small ones. */
#define COLOOP_ORDER_MIN 5

/* Largest ring, as a power of two of 4096-byte pages. */
#define COLOOP_ORDER_MAX 9

/* Bytes in an Ethernet address. */
#define COLOOP_MAC_LEN 6

/* Most queues of a channel. */
#define COLOOP_QUEUES_MAX 8

/* Largest busy-poll of a peer, in microseconds. */
#define COLOOP_BUSY_POLL_MAX 1000

/* Most selectors of a peer: 16 from each of two policies. */
#define COLOOP_SELECTORS_MAX 32

/* Most pages that one side grants the other, beyond rings. */
#define COLOOP_FRAG_PAGES_MAX 4096

/* Oldest version of the shared page format this module speaks. */
#define COLOOP_PROTOCOL_MIN 1

/* Newest version of the shared page format this module speaks. */
#define COLOOP_PROTOCOL_MAX 1

/*
 * Queueing disciplines that only order packets and drop them at their limit or
 * by their delay. A channel takes nothing from anybody by passing them; any
 * other on a lower device is a rule.
 */
#define COLOOP_PLAIN_DISCIPLINES \
	{ "noqueue", "pfifo_fast", "pfifo", "bfifo", "pfifo_head_drop", "fq_codel", \
	  "codel", "sfq", "fq_pie", "pie" }

/*
 * Queueing disciplines that are as plain where their options name no rate: fq
 * without maxrate, cake with unlimited bandwidth.
 */
#define COLOOP_RATED_DISCIPLINES \
	{ "fq", "cake" }

/**
 * enum coloop_channel_state - The states drawn at the top of channel.c, in the
 *   same order.
 * @COLOOP_CHANNEL_STATE_CLOSED: No memory is shared; the ordinary path carries
 *   everything.
 * @COLOOP_CHANNEL_STATE_OFFERED: Our pages are granted and wait for the peer to
 *   map them.
 * @COLOOP_CHANNEL_STATE_MAPPED: We mapped the peer's pages and wait for it to
 *   map ours.
 * @COLOOP_CHANNEL_STATE_LIVE: Both sides are mapped; packets are diverted.
 * @COLOOP_CHANNEL_STATE_DRAINING: Nothing new is diverted; what the rings hold
 *   is delivered.
 * @COLOOP_CHANNEL_STATE_BROKEN: The peer broke the protocol; only a new offer
 *   leaves this state.
 * @COLOOP_CHANNEL_STATE_STALLED: The peer stopped taking data in time; only a
 *   new offer leaves this state.
 */
enum coloop_channel_state {
	COLOOP_CHANNEL_STATE_CLOSED,
	COLOOP_CHANNEL_STATE_OFFERED,
	COLOOP_CHANNEL_STATE_MAPPED,
	COLOOP_CHANNEL_STATE_LIVE,
	COLOOP_CHANNEL_STATE_DRAINING,
	COLOOP_CHANNEL_STATE_BROKEN,
	COLOOP_CHANNEL_STATE_STALLED,

	/* private: */
	__COLOOP_CHANNEL_STATE_MAX,
	COLOOP_CHANNEL_STATE_MAX = __COLOOP_CHANNEL_STATE_MAX - 1,
};

/**
 * enum coloop_reason - Why a channel left the state before.
 * @COLOOP_REASON_NONE: No reason to give.
 * @COLOOP_REASON_ASKED: The control plane asked for it.
 * @COLOOP_REASON_PEER_CLOSED: The peer said in its control page that it closes.
 * @COLOOP_REASON_PEER_REMOVED: The control plane removed the peer.
 * @COLOOP_REASON_EPOCH: The control plane named a new epoch.
 * @COLOOP_REASON_BAD_INDEX: The peer's index claims more bytes than its ring
 *   holds.
 * @COLOOP_REASON_BAD_RECORD: A record header of the peer is not well formed.
 * @COLOOP_REASON_BAD_STATE: The peer's control page took a step that the
 *   protocol does not have.
 * @COLOOP_REASON_STALLED: Data waited in our ring and the peer took none of it
 *   in time.
 * @COLOOP_REASON_SUSPEND: This domain is about to be saved or migrated.
 * @COLOOP_REASON_UNLOAD: The module is going away.
 * @COLOOP_REASON_TIMEOUT: The peer did not map our pages in time.
 * @COLOOP_REASON_DEVICE: A lower device of the channel went away.
 * @COLOOP_REASON_BAD_FRAME: The peer keeps sending frames that are not from it
 *   to us or no IP.
 * @COLOOP_REASON_BLOCKED: A lower device may not receive from a channel; its
 *   link says why.
 */
enum coloop_reason {
	COLOOP_REASON_NONE,
	COLOOP_REASON_ASKED,
	COLOOP_REASON_PEER_CLOSED,
	COLOOP_REASON_PEER_REMOVED,
	COLOOP_REASON_EPOCH,
	COLOOP_REASON_BAD_INDEX,
	COLOOP_REASON_BAD_RECORD,
	COLOOP_REASON_BAD_STATE,
	COLOOP_REASON_STALLED,
	COLOOP_REASON_SUSPEND,
	COLOOP_REASON_UNLOAD,
	COLOOP_REASON_TIMEOUT,
	COLOOP_REASON_DEVICE,
	COLOOP_REASON_BAD_FRAME,
	COLOOP_REASON_BLOCKED,

	/* private: */
	__COLOOP_REASON_MAX,
	COLOOP_REASON_MAX = __COLOOP_REASON_MAX - 1,
};

/**
 * enum coloop_ordinary - Why a packet to a peer, or all of a link, takes the
 *   ordinary path.
 * @COLOOP_ORDINARY_NONE: Nothing keeps it there.
 * @COLOOP_ORDINARY_NO_CHANNEL: No channel is live.
 * @COLOOP_ORDINARY_QDISC: The lower device's queueing discipline promises a
 *   rate or an order, or filters.
 * @COLOOP_ORDINARY_TC: A tc egress program or filter of the lower device
 *   decides.
 * @COLOOP_ORDINARY_PACING: The lower device's fq sends this datagram at a time
 *   that its program chose.
 * @COLOOP_ORDINARY_SIZE: The lower device makes longer packets than the
 *   ordinary path carries, or this is one.
 * @COLOOP_ORDINARY_FORM: Not an IP packet as the stack makes them: a raw frame,
 *   a VLAN tag, IPsec offload.
 * @COLOOP_ORDINARY_NEIGHBOUR: IPv6 neighbour discovery, which is to test the
 *   ordinary path.
 * @COLOOP_ORDINARY_XDP: A native XDP program or an AF_XDP socket of the lower
 *   device would be passed by.
 * @COLOOP_ORDINARY_INACTIVE: The lower device is a port of a bond or team that
 *   receives nothing now.
 * @COLOOP_ORDINARY_NETNS: The lower device is in another network namespace.
 * @COLOOP_ORDINARY_NO_HOOK: This kernel was built without
 *   CONFIG_NETFILTER_EGRESS.
 * @COLOOP_ORDINARY_SELECTOR: The peer's selectors leave it there, or cannot
 *   tell: a fragment has no ports.
 */
enum coloop_ordinary {
	COLOOP_ORDINARY_NONE,
	COLOOP_ORDINARY_NO_CHANNEL,
	COLOOP_ORDINARY_QDISC,
	COLOOP_ORDINARY_TC,
	COLOOP_ORDINARY_PACING,
	COLOOP_ORDINARY_SIZE,
	COLOOP_ORDINARY_FORM,
	COLOOP_ORDINARY_NEIGHBOUR,
	COLOOP_ORDINARY_XDP,
	COLOOP_ORDINARY_INACTIVE,
	COLOOP_ORDINARY_NETNS,
	COLOOP_ORDINARY_NO_HOOK,
	COLOOP_ORDINARY_SELECTOR,

	/* private: */
	__COLOOP_ORDINARY_MAX,
	COLOOP_ORDINARY_MAX = __COLOOP_ORDINARY_MAX - 1,
};

/**
 * enum coloop_selector_list - A packet is diverted where each `only` list that
 *   has selectors has one that it matches.
 * @COLOOP_SELECTOR_LIST_ONLY: One of these has to match.
 * @COLOOP_SELECTOR_LIST_AND_ONLY: And one of these.
 * @COLOOP_SELECTOR_LIST_EXCEPT: None of these may match.
 */
enum coloop_selector_list {
	COLOOP_SELECTOR_LIST_ONLY,
	COLOOP_SELECTOR_LIST_AND_ONLY,
	COLOOP_SELECTOR_LIST_EXCEPT,

	/* private: */
	__COLOOP_SELECTOR_LIST_MAX,
	COLOOP_SELECTOR_LIST_MAX = __COLOOP_SELECTOR_LIST_MAX - 1,
};

/**
 * enum coloop_a_info - The module and the host resources it holds.
 * @COLOOP_A_INFO_PROTOCOL_MIN: Oldest shared page format spoken.
 * @COLOOP_A_INFO_PROTOCOL_MAX: Newest shared page format spoken.
 * @COLOOP_A_INFO_FEATURES: Optional features spoken; bit 0 is large datagrams
 *   in one record.
 * @COLOOP_A_INFO_IFINDEX: Index of coloop0.
 * @COLOOP_A_INFO_PEERS: Peers known.
 * @COLOOP_A_INFO_CHANNELS: Channels that hold memory.
 * @COLOOP_A_INFO_GRANTS: Grant references we hold towards peers.
 * @COLOOP_A_INFO_MAPS: Pages of peers that we hold mapped.
 * @COLOOP_A_INFO_PORTS: Event channels we hold.
 * @COLOOP_A_INFO_DEFERRED: Pages that a peer still maps after we ended their
 *   grant.
 * @COLOOP_A_INFO_MODULE_VERSION: Version of the module.
 * @COLOOP_A_INFO_GRANT_LIMIT: Grant references that we may hold; the rest is
 *   for disks and network cards.
 */
enum coloop_a_info {
	COLOOP_A_INFO_PROTOCOL_MIN = 1,
	COLOOP_A_INFO_PROTOCOL_MAX,
	COLOOP_A_INFO_FEATURES,
	COLOOP_A_INFO_IFINDEX,
	COLOOP_A_INFO_PEERS,
	COLOOP_A_INFO_CHANNELS,
	COLOOP_A_INFO_GRANTS,
	COLOOP_A_INFO_MAPS,
	COLOOP_A_INFO_PORTS,
	COLOOP_A_INFO_DEFERRED,
	COLOOP_A_INFO_MODULE_VERSION,
	COLOOP_A_INFO_GRANT_LIMIT,

	/* private: */
	__COLOOP_A_INFO_MAX,
	COLOOP_A_INFO_MAX = __COLOOP_A_INFO_MAX - 1,
};

/**
 * enum coloop_a_link - One pair of interfaces through which we and the peer
 *   reach each other.
 * @COLOOP_A_LINK_IFINDEX: Our lower device.
 * @COLOOP_A_LINK_LOCAL_MAC: Our address there, as the toolstack wrote it.
 * @COLOOP_A_LINK_REMOTE_MAC: The peer's address there, as the toolstack wrote
 *   it.
 * @COLOOP_A_LINK_MTU: Longest IP packet that the ordinary path between the two
 *   interfaces carries, in bytes. Where the lower device's MTU is larger, all
 *   is left to that path. Absent or 0 in a request: as large.
 * @COLOOP_A_LINK_BLOCKED: What keeps all packets of this link on the ordinary
 *   path now; absent in requests.
 */
enum coloop_a_link {
	COLOOP_A_LINK_IFINDEX = 1,
	COLOOP_A_LINK_LOCAL_MAC,
	COLOOP_A_LINK_REMOTE_MAC,
	COLOOP_A_LINK_MTU,
	COLOOP_A_LINK_BLOCKED,

	/* private: */
	__COLOOP_A_LINK_MAX,
	COLOOP_A_LINK_MAX = __COLOOP_A_LINK_MAX - 1,
};

/**
 * enum coloop_a_count - How many packets took the ordinary path for one reason.
 * @COLOOP_A_COUNT_PAD: Only for alignment.
 * @COLOOP_A_COUNT_REASON: Why they did.
 * @COLOOP_A_COUNT_PACKETS: Packets, as the lower device was to send them, since
 *   the peer was made.
 */
enum coloop_a_count {
	COLOOP_A_COUNT_PAD = 1,
	COLOOP_A_COUNT_REASON,
	COLOOP_A_COUNT_PACKETS,

	/* private: */
	__COLOOP_A_COUNT_MAX,
	COLOOP_A_COUNT_MAX = __COLOOP_A_COUNT_MAX - 1,
};

/**
 * enum coloop_a_end - Where a packet comes from or goes to. What is absent
 *   matches anything.
 * @COLOOP_A_END_IPV4: Packets of IPv4 whose address begins as this one.
 * @COLOOP_A_END_IPV6: Packets of IPv6 whose address begins as this one.
 * @COLOOP_A_END_PREFIX: So many bits of the address; absent: all.
 * @COLOOP_A_END_PORT_MIN: The lowest port.
 * @COLOOP_A_END_PORT_MAX: The highest; absent: the lowest.
 */
enum coloop_a_end {
	COLOOP_A_END_IPV4 = 1,
	COLOOP_A_END_IPV6,
	COLOOP_A_END_PREFIX,
	COLOOP_A_END_PORT_MIN,
	COLOOP_A_END_PORT_MAX,

	/* private: */
	__COLOOP_A_END_MAX,
	COLOOP_A_END_MAX = __COLOOP_A_END_MAX - 1,
};

/**
 * enum coloop_a_selector - Some of a peer's packets.
 * @COLOOP_A_SELECTOR_LIST: What a match means.
 * @COLOOP_A_SELECTOR_PROTO: The protocol in IP; absent: any, or with ports any
 *   that has ports.
 * @COLOOP_A_SELECTOR_EITHER: Packets the other way, from `to` to `from`, match
 *   too.
 * @COLOOP_A_SELECTOR_FROM: The source.
 * @COLOOP_A_SELECTOR_TO: The destination.
 */
enum coloop_a_selector {
	COLOOP_A_SELECTOR_LIST = 1,
	COLOOP_A_SELECTOR_PROTO,
	COLOOP_A_SELECTOR_EITHER,
	COLOOP_A_SELECTOR_FROM,
	COLOOP_A_SELECTOR_TO,

	/* private: */
	__COLOOP_A_SELECTOR_MAX,
	COLOOP_A_SELECTOR_MAX = __COLOOP_A_SELECTOR_MAX - 1,
};

/**
 * enum coloop_a_selectors - Which of a peer's packets are diverted.
 * @COLOOP_A_SELECTORS_SELECTOR: One nest each; none are all packets.
 * @COLOOP_A_SELECTORS_ID: A number to know these selectors by later, see
 *   selectors-id.
 */
enum coloop_a_selectors {
	COLOOP_A_SELECTORS_SELECTOR = 1,
	COLOOP_A_SELECTORS_ID,

	/* private: */
	__COLOOP_A_SELECTORS_MAX,
	COLOOP_A_SELECTORS_MAX = __COLOOP_A_SELECTORS_MAX - 1,
};

/**
 * enum coloop_a_peer - Another domain on this host.
 * @COLOOP_A_PEER_DOMID: The peer's domain number; 0x7FF0 and up are reserved by
 *   Xen.
 * @COLOOP_A_PEER_EPOCH: The life of this pair of domains, numbered by dom0.
 *   Everything offered names it.
 * @COLOOP_A_PEER_NAME: What people call the domain.
 * @COLOOP_A_PEER_LINK: One nest a link; together they replace the links the
 *   peer had.
 * @COLOOP_A_PEER_CHANNEL: The channel to the peer; absent in requests.
 * @COLOOP_A_PEER_WANTED: A packet to this peer has asked for a channel that is
 *   not there.
 * @COLOOP_A_PEER_BUSY_POLL: Microseconds that sockets which send to the peer
 *   poll busily for its next packet before they sleep, as with SO_BUSY_POLL; 0,
 *   as in a new peer: as they were set themselves. A virtual CPU that has
 *   nothing else to do does not spin meanwhile but waits in Xen, for a tick at
 *   most.
 * @COLOOP_A_PEER_ORDINARY: One nest for each reason that has kept packets to
 *   the peer on the ordinary path.
 * @COLOOP_A_PEER_SELECTORS: Which packets are diverted; all that the peer had
 *   before go. A live channel stays, and each packet behind those of its flow.
 *   Only in requests. Since version 4.
 * @COLOOP_A_PEER_SELECTORS_ID: The id of the selectors that the peer has; 0:
 *   none, or an id of 0. Since version 4.
 * @COLOOP_A_PEER_FRAG_PAGES: Most pages of ours that the peer may read what TCP
 *   sockets send to it from, instead of a ring. With 0, as in a new peer,
 *   nothing is granted: the peer sees no byte before rules have let it pass.
 */
enum coloop_a_peer {
	COLOOP_A_PEER_DOMID = 1,
	COLOOP_A_PEER_EPOCH,
	COLOOP_A_PEER_NAME,
	COLOOP_A_PEER_LINK,
	COLOOP_A_PEER_CHANNEL,
	COLOOP_A_PEER_WANTED,
	COLOOP_A_PEER_BUSY_POLL,
	COLOOP_A_PEER_ORDINARY,
	COLOOP_A_PEER_SELECTORS,
	COLOOP_A_PEER_SELECTORS_ID,
	COLOOP_A_PEER_FRAG_PAGES,

	/* private: */
	__COLOOP_A_PEER_MAX,
	COLOOP_A_PEER_MAX = __COLOOP_A_PEER_MAX - 1,
};

/**
 * enum coloop_a_channel - The fast path to one peer.
 * @COLOOP_A_CHANNEL_PAD: Only for alignment.
 * @COLOOP_A_CHANNEL_STATE: Where the channel is in its life.
 * @COLOOP_A_CHANNEL_REASON: What brought it there.
 * @COLOOP_A_CHANNEL_ORDER: Each ring of ours is 4096 << order bytes. From 5
 *   (128 KiB) up, so that any record fits; default 8.
 * @COLOOP_A_CHANNEL_LISTEN: In an offer, allocate the event channel; the domain
 *   with the lower domid does.
 * @COLOOP_A_CHANNEL_CONTROL_REF: Grant reference of the first control page,
 *   ours in the answer to an offer, the peer's in an attach.
 * @COLOOP_A_CHANNEL_EVENT_PORT: Event channel port to bind to; absent or 0
 *   where the other side allocates.
 * @COLOOP_A_CHANNEL_SINCE: Nanoseconds of CLOCK_BOOTTIME at which the state was
 *   entered.
 * @COLOOP_A_CHANNEL_TX_PACKETS: Packets put into our ring.
 * @COLOOP_A_CHANNEL_TX_BYTES: Their bytes, Ethernet header included.
 * @COLOOP_A_CHANNEL_RX_PACKETS: Packets taken from the peer's ring.
 * @COLOOP_A_CHANNEL_RX_BYTES: Their bytes, Ethernet header included.
 * @COLOOP_A_CHANNEL_EVENTS_SENT: Event channel notifications sent.
 * @COLOOP_A_CHANNEL_EVENTS_RECEIVED: Event channel notifications received.
 * @COLOOP_A_CHANNEL_BACKLOGGED: Packets that waited for room in our ring.
 * @COLOOP_A_CHANNEL_RETURNED: Packets given back to the ordinary path because
 *   the channel was gone.
 * @COLOOP_A_CHANNEL_DROPPED_BACKLOG: Packets dropped because the backlog was
 *   full.
 * @COLOOP_A_CHANNEL_DROPPED_SOURCE: Packets of the peer dropped for an address
 *   that is not its own.
 * @COLOOP_A_CHANNEL_DROPPED_HEADER: Packets of the peer dropped for headers
 *   that do not parse.
 * @COLOOP_A_CHANNEL_DROPPED_MEMORY: Packets dropped for want of memory.
 * @COLOOP_A_CHANNEL_DETAIL: The number that gave a lying peer away.
 * @COLOOP_A_CHANNEL_REMOTE_ORDER: The peer's ring is 4096 << remote-order
 *   bytes.
 * @COLOOP_A_CHANNEL_QUEUED_BYTES: Bytes that wait in our rings and backlogs.
 * @COLOOP_A_CHANNEL_QUEUES: In an offer, how many queues we would use, default
 *   1; else how many both sides use.
 * @COLOOP_A_CHANNEL_SPINS: Not sent any more; a module that polled busily
 *   counted its waits.
 * @COLOOP_A_CHANNEL_SPINS_PAID: Not sent any more; those of the waits that a
 *   packet ended.
 * @COLOOP_A_CHANNEL_DROPPED_DEVICE: Packets of the peer dropped because the
 *   lower device was down or blocked.
 * @COLOOP_A_CHANNEL_WAITS: Times that a socket which polls busily waited in Xen
 *   for the peer's next packet.
 * @COLOOP_A_CHANNEL_WAITS_PAID: Those of the waits that a packet ended.
 * @COLOOP_A_CHANNEL_GRANTED_FRAG_PAGES: Pages of ours that the peer may read
 *   packets from, beyond the rings.
 * @COLOOP_A_CHANNEL_MAPPED_FRAG_PAGES: Pages of the peer that we read packets
 *   from, beyond the rings.
 * @COLOOP_A_CHANNEL_REFERRED_BYTES: Those of tx-bytes that were left in frag
 *   pages.
 */
enum coloop_a_channel {
	COLOOP_A_CHANNEL_PAD = 1,
	COLOOP_A_CHANNEL_STATE,
	COLOOP_A_CHANNEL_REASON,
	COLOOP_A_CHANNEL_ORDER,
	COLOOP_A_CHANNEL_LISTEN,
	COLOOP_A_CHANNEL_CONTROL_REF,
	COLOOP_A_CHANNEL_EVENT_PORT,
	COLOOP_A_CHANNEL_SINCE,
	COLOOP_A_CHANNEL_TX_PACKETS,
	COLOOP_A_CHANNEL_TX_BYTES,
	COLOOP_A_CHANNEL_RX_PACKETS,
	COLOOP_A_CHANNEL_RX_BYTES,
	COLOOP_A_CHANNEL_EVENTS_SENT,
	COLOOP_A_CHANNEL_EVENTS_RECEIVED,
	COLOOP_A_CHANNEL_BACKLOGGED,
	COLOOP_A_CHANNEL_RETURNED,
	COLOOP_A_CHANNEL_DROPPED_BACKLOG,
	COLOOP_A_CHANNEL_DROPPED_SOURCE,
	COLOOP_A_CHANNEL_DROPPED_HEADER,
	COLOOP_A_CHANNEL_DROPPED_MEMORY,
	COLOOP_A_CHANNEL_DETAIL,
	COLOOP_A_CHANNEL_REMOTE_ORDER,
	COLOOP_A_CHANNEL_QUEUED_BYTES,
	COLOOP_A_CHANNEL_QUEUES,
	COLOOP_A_CHANNEL_SPINS,
	COLOOP_A_CHANNEL_SPINS_PAID,
	COLOOP_A_CHANNEL_DROPPED_DEVICE,
	COLOOP_A_CHANNEL_WAITS,
	COLOOP_A_CHANNEL_WAITS_PAID,
	COLOOP_A_CHANNEL_GRANTED_FRAG_PAGES,
	COLOOP_A_CHANNEL_MAPPED_FRAG_PAGES,
	COLOOP_A_CHANNEL_REFERRED_BYTES,

	/* private: */
	__COLOOP_A_CHANNEL_MAX,
	COLOOP_A_CHANNEL_MAX = __COLOOP_A_CHANNEL_MAX - 1,
};

/**
 * enum coloop_cmd - Requests and notifications.
 * @COLOOP_CMD_INFO_GET: The module itself.
 * @COLOOP_CMD_PEER_NEW: Make a domain a peer.
 * @COLOOP_CMD_PEER_SET: Change a peer. A new epoch, or links without the one in
 *   use, ends its channel; what is not named stays as it is.
 * @COLOOP_CMD_PEER_DEL: Forget a peer; its channel is drained and ended first.
 * @COLOOP_CMD_PEER_GET: One peer, or all of them, with their channels.
 * @COLOOP_CMD_CHANNEL_OFFER: Allocate and grant our pages to the peer, and the
 *   event channel with `listen`. The answer holds control-ref and event-port,
 *   to be told to the peer.
 * @COLOOP_CMD_CHANNEL_ATTACH: Map the pages that the peer offered (control-ref,
 *   event-port) and say so in our control page.
 * @COLOOP_CMD_CHANNEL_CLOSE: Drain and end the channel, keep the peer.
 * @COLOOP_CMD_WANT_NTF: The first packet to a peer without a channel. Said
 *   again only after channel-close or a change of state.
 * @COLOOP_CMD_CHANNEL_NTF: A channel changed its state; same payload as
 *   peer-get.
 * @COLOOP_CMD_SUSPEND_NTF: This domain is about to be saved or migrated; every
 *   channel has been ended.
 * @COLOOP_CMD_RESUME_NTF: This domain runs again, maybe elsewhere, maybe with
 *   another domid.
 * @COLOOP_CMD_COUNTS_NTF: Packets to a peer wait for room in our ring, or are
 *   kept on the ordinary path for `qdisc`, `tc` or `size`. Said again only
 *   after a peer-get; same payload. Since version 3.
 */
enum coloop_cmd {
	COLOOP_CMD_INFO_GET = 1,
	COLOOP_CMD_PEER_NEW,
	COLOOP_CMD_PEER_SET,
	COLOOP_CMD_PEER_DEL,
	COLOOP_CMD_PEER_GET,
	COLOOP_CMD_CHANNEL_OFFER,
	COLOOP_CMD_CHANNEL_ATTACH,
	COLOOP_CMD_CHANNEL_CLOSE,
	COLOOP_CMD_WANT_NTF,
	COLOOP_CMD_CHANNEL_NTF,
	COLOOP_CMD_SUSPEND_NTF,
	COLOOP_CMD_RESUME_NTF,
	COLOOP_CMD_COUNTS_NTF,

	/* private: */
	__COLOOP_CMD_MAX,
	COLOOP_CMD_MAX = __COLOOP_CMD_MAX - 1,
};

#define COLOOP_MCGRP_EVENTS "events"

#endif /* _UAPI_LINUX_COLOOP_H */
