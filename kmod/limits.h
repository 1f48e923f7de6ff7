/* SPDX-License-Identifier: GPL-2.0 */
/* Every limit and timeout of the module, with its unit and its reason. */

#ifndef _COLOOP_LIMITS_H
#define _COLOOP_LIMITS_H

enum coloop_limits {
	/* Of a ring when nobody says: beyond it a stream gains nothing (test/bench/README.md). */
	COLOOP_ORDER_DEFAULT = 8,

	/* Packets and bytes that may wait for room in a ring, per class; as in an fq_codel. */
	COLOOP_BACKLOG_PACKETS = 10240,
	COLOOP_BACKLOG_BYTES = 32 << 20,

	/*
	 * Bridges forget an address after this long without a frame from it: 300 s, unless somebody
	 * has set less.  So often a frame of our own passes them while others are diverted.
	 */
	COLOOP_SPEAK_MS = 2000,

	/*
	 * When a channel comes up, packets are held until the last that took the ordinary path has
	 * arrived there: no longer than this after the lower device's queue got shorter the last
	 * time, or after the device let go of the last.
	 */
	COLOOP_ORDER_MS = 100,
	/* The time in which the lower device sends nothing at all does not count, up to this. */
	COLOOP_ORDER_STILL_MS = 1000,

	/*
	 * Datagrams in flight in the ring, in bytes of the receiver's socket buffer.  Two such
	 * windows, one waiting in the socket and one in the ring, must fit into the default
	 * net.core.rmem_default (212992); more would be poured away by the socket.
	 */
	COLOOP_WINDOW_BYTES = 96 << 10,
	/* And no more than this part of a small ring, so that a large TCP record finds room. */
	COLOOP_WINDOW_PART = 4,
	/* What a datagram costs the receiver's socket beyond its length. */
	COLOOP_WINDOW_OVERHEAD = 512,

	/*
	 * Bytes that the records in a ring refer to.  Such records are small, so that the ring
	 * alone would not push back before the receiver's pool of pages has run out.
	 */
	COLOOP_REFERRED_BYTES = 1 << 20,

	/* Of a peer of which policy says nothing: it may see what rules would not let pass. */
	COLOOP_FRAG_PAGES_DEFAULT = 0,
	/*
	 * They are granted in blocks of 512 KiB or, where the guest's memory is in pieces, 256
	 * KiB.  A block must hold what a socket writes between two packets.
	 */
	COLOOP_BLOCK_ORDER = 7,
	COLOOP_BLOCK_ORDER_MIN = 6,
	/* Packets below this size are copied. */
	COLOOP_REFER_BYTES = 4096,
	/* A socket gets the next block when less is left: two packets that IP can say. */
	COLOOP_BLOCK_LOW = 128 << 10,
	/* And its first one with a packet of this size. */
	COLOOP_BLOCK_PACKET = 16 << 10,
	/*
	 * As TCP_NOTSENT_LOWAT of a socket that has none of its own: what it may write between two
	 * packets.  Odd, so that it is known again.
	 */
	COLOOP_BLOCK_LOWAT = (128 << 10) - 1,

	/* TCP packets up to this size stay their socket's while they wait in the ring. */
	COLOOP_CHARGED_BYTES = 16 << 10,

	/* How long data may wait in our ring without the peer taking any. */
	COLOOP_STALL_MS = 3000,
	COLOOP_WATCH_MS = 500,
	/*
	 * How long the peer may take to map what we offered: two daemons and dom0 must get a turn.
	 * An offer costs memory only; traffic goes the ordinary path meanwhile.
	 */
	COLOOP_CONNECT_MS = 60000,
	/* How long a closing channel waits for both rings to run empty. */
	COLOOP_DRAIN_MS = 500,

	/* Pages a peer still maps after their grant ended are asked for again this often. */
	COLOOP_DEFERRED_MS = 200,
	/*
	 * Pages of ours that one peer may have, in a channel and of channels that are over (R14): a
	 * channel of the largest size, 8 queues of 1 + 512 pages, and 256 that it keeps for itself.
	 * A limit to what is kept alone would not hold it to less, as it may have the largest
	 * channel beside that; but it would refuse a peer that is only slow to let go of its last
	 * one.
	 */
	COLOOP_PEER_PAGES_MAX = 8 * (1 + 512) + 256,

	/*
	 * Of the guest's grant table, channels have one part in so many (R19), and an offer one
	 * part in so many of what is left of that.  So a large ring is refused long before a small
	 * one, and it takes many peers in league to leave nothing.
	 */
	COLOOP_GRANTS_PART = 2,
	COLOOP_OFFER_PART = 2,
	/*
	 * Of two other things channels have half by default: Xen does not tell a guest how many it
	 * may have.  Entries of the map table: 1024 frames of 256.  Event channels: 1023, by xl.
	 */
	COLOOP_MAPS_MAX = 1024 * 256 / 2,
	COLOOP_PORTS_MAX = 1023 / 2,

	/*
	 * Frames that are not from the peer to us, or no IP.  No honest peer sends any, but what is
	 * in its ring may turn into such when a link changes.  So as many are forgiven as the ring
	 * holds packets that are an IP header alone, and as many again after this time.
	 */
	COLOOP_BAD_FRAMES_MS = 10000,
	COLOOP_BAD_FRAME_BYTES = 64,

	/*
	 * Polls, of 64 records each at most, that may follow each other while the ring does not run
	 * empty; then programs get their turns between.  A large ring full of packets of an MTU is
	 * 22 of them, and to share the processor within such a burst costs a stream a fifth.
	 */
	COLOOP_FULL_POLLS = 64,

	/*
	 * The consumer tells of freed room after this many bytes of its ring, or of frag pages, not
	 * after every record.
	 */
	COLOOP_PUBLISH_BYTES = 64 << 10,
	COLOOP_PUBLISH_FRAG_BYTES = 256 << 10,

	/*
	 * The least that a fragment of a large datagram carries when it is cut again.  IPv4 expects
	 * 576 bytes of every host, IPv6 1280 of every link.
	 */
	COLOOP_FRAGMENT_BYTES = 512,

	/* A record is cut into so many packets at most; UDP_SEGMENT makes 128. */
	COLOOP_CUT_MAX = 256,

	/*
	 * How often, and after how long again, sockets are looked through whose peer is gone and
	 * whose programs were in a call on them.
	 */
	COLOOP_RELEASE_TURNS = 50,
	COLOOP_RELEASE_MS = 20,

	/* Longest headers that are put apart, into the linear part of a received skb. */
	COLOOP_HEAD_BYTES = 256,
	/*
	 * Frames up to this length are linear.  A chunk of the pool, 32 KiB, stays for as long as
	 * any fragment in it, so a short one would pin many times what its socket is charged for.
	 * With its skb_shared_info such a frame fits into 2 KiB of kmalloc(); one of an MTU of 1500
	 * is among them.
	 */
	COLOOP_LINEAR_BYTES = 1536,
	/*
	 * For the same reason a fragment is charged with at least this part of the chunk that it
	 * pins.  More would leave less room in a socket's buffer than COLOOP_WINDOW_BYTES expects.
	 */
	COLOOP_FRAGMENT_PART = 16,
};

#endif /* _COLOOP_LIMITS_H */
