/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What two domains share: the control page, the records in a ring, and the order in which both
 * are touched.  Everything is little-endian.  A page has one writer, the domain that owns it; the
 * peer maps it read-only, and Xen holds it to that.
 *
 * Control page, one per side and queue:
 *
 * byte  0         4         8         12        16        20        24        28 read by the peer
 *       +---------+---------+---------+---------+---------+---------+---------+---+
 *    0  | magic   | version | order   | features| epoch   | queues  | offer   | 0 | once, at attach
 *       +---------+---------+---------+---------+---------+---------+---------+---+
 *   64  | prod    | cons_ev |               0                  |    for every burst
 *       +---------+---------+----------------------------------+
 *  128  | cons    | prod_ev |               0                  |    for every burst
 *       +---------+---------+----------------------------------+
 *  192  | side    | mapped  | marker  | frags_  | frags_  | 0  |    on every event
 *       |         |         |         | granted | mapped  |    |
 *       +---------+---------+---------+---------+---------+----+
 *  256  | ref[0]  | ref[1]  |  ...        ref[(1 << order) - 1]|    once, at attach
 *       +---------+---------+----------------------------------+
 * 2304  | control, port of queue 1 |  ...  of queue queues - 1 |    once, at attach
 *       +---------+---------+----------------------------------+
 * 2360  | table[0]| table[1]|  ...        table[3]             |    when frags_granted has grown
 *       +---------+---------+----------------------------------+
 *
 * prod counts bytes put into our ring, cons bytes taken from the peer's ring; both are
 * free-running, byte n lives at n & (size - 1), size is 4096 << order.
 * cons_event: the cons of the peer at which we, as producer, want an event for room.
 * prod_event: the prod of the peer at which we, as consumer, want an event for data.
 * side: how far we are, enum coloop_side; it only grows during one life of the page.
 * marker: the number of the last marker of the peer that we have received on the ordinary path, see
 * marker.c; 0: none.
 * offer: the number of this offer, not 0; the next offer in the same epoch has another one.
 * mapped: the number of the peer's offer that we have mapped, 0 before.
 *
 * An end may take its offer back and offer anew in the same epoch, while the peer has mapped the
 * older pages.  So MAPPED counts only when mapped is the reader's own offer; it is stored before
 * side says MAPPED, and read after that.  A peer without COLOOP_FEATURE_OFFER_NUMBER has neither
 * word, and is known by side alone.
 *
 * frags_granted: how many frag pages, beyond the rings, the peer may map, to read what records
 * refer to there: TCP's page frags.  A multiple of COLOOP_FRAG_PAGES_STEP, it only grows during one
 * life of the page.  Page n is granted by the reference in word n % COLOOP_TABLE_REFS of a table
 * page, which table[n / COLOOP_TABLE_REFS] grants.
 * frags_mapped: how many of the peer's frag pages we have mapped, from the first on.
 * A peer without COLOOP_FEATURE_FRAG_PAGES has none of these words.
 *
 * A channel has one or more queues: a ring each way, a control page each side, an event channel.
 * The first queue's page is the one offered; it says how many there are (0 is 1, as before there
 * were more), where the others' pages are, and, on the side that allocates event channels, their
 * ports.  Both use as many as the smaller number says.  A flow keeps to one queue, so its packets
 * keep their order.  side, mapped, queues, offer, frags_granted, frags_mapped and the tables of
 * other pages are 0 there and not used.
 *
 * Bytes marked 0 are written as zero and not read.
 *
 * Record, at a multiple of 16 in the ring, so that a header never crosses a page:
 *
 * byte  0         4            6            8          10        12         13      14   16
 *       +---------+------------+------------+----------+---------+----------+-------+-----+-----//
 *       | len     | csum_start | csum_offset| gso_size | hdr_len | gso_type | flags |parts| frame
 *       +---------+------------+------------+----------+---------+----------+-------+-----+-----//
 *
 * len counts the frame from its Ethernet header on, without FCS; the next record starts at the
 * next multiple of 16.  The offload fields mean what they mean in virtio_net_hdr (virtio 1.2,
 * 5.1.6), so the kernel's hardened reader of that header serves both.
 *
 * parts is 0 where all of the frame follows.  Else the record refers to frag pages of its sender:
 * so many parts follow, and then the first hdr_len bytes of the frame.  The rest is in the frag
 * pages, as if they were in a row, in bytes [at, at + length) of each part in turn:
 *
 * byte  0         4         8                 8 * parts
 *       +---------+---------+------ // -------+------------------//
 *       | at      | length  | more parts      | hdr_len bytes of the frame
 *       +---------+---------+------ // -------+------------------//
 *
 * Their sender leaves these bytes as they are until the receiver's cons has passed the record.
 *
 * A frame is no longer than IP can say, but for TCP's segments in one packet (BIG TCP), with a
 * checksum to be filled in, for a peer that takes them: up to COLOOP_LARGE_MAX.  The length in
 * their IPv4 header, or the payload length in their IPv6 header, is 0.  Before Linux 7.1 the
 * latter is followed by a hop-by-hop header with the jumbo payload option (RFC 2675), and since
 * then it is not.
 *
 * Order of access.  P: producer, C: consumer.
 *
 *  P1  cons = load_acquire                  C1  prod = load_acquire
 *  P2  cons outside [last, prod]: fault     C2  prod - cons > size, or no multiple of 16: fault
 *  P3  copy a record in                     C3  copy a record out, to private memory
 *  P4  store_release prod                   C4  store_release cons
 *  P5  full barrier                         C5  full barrier
 *  P6  peer's prod_event crossed: notify    C6  peer's cons_event crossed: notify
 *  P7  before waiting: store cons_event     C7  before waiting: store prod_event
 *  P8  full barrier                         C8  full barrier
 *  P9  look at cons again (P1)              C9  look at prod again (C1)
 *
 * P4 pairs with C1: a record is visible before the index that covers it.
 * C4 pairs with P1: a record has been read before its room is used again.
 * The four full barriers pair crosswise, P5 with C8 and C5 with P8: either the notifier sees the
 * threshold or the waiter sees the index, never neither.
 */

#ifndef _COLOOP_WIRE_H
#define _COLOOP_WIRE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "uapi/coloop.h"

enum coloop_wire {
	COLOOP_MAGIC = 0x434c5031, /* "CLP1" */
	COLOOP_PAGE_SIZE = 4096,
	COLOOP_RECORD_ALIGN = 16,
	COLOOP_FRAME_MIN = 14,
	/* An IPv6 header, the 65535 bytes that its length can say, an Ethernet header; rounded. */
	COLOOP_FRAME_MAX = 65600,
	/*
	 * The longest frame of TCP segments, and the least that these carry each: 512 at most of
	 * them.
	 */
	COLOOP_LARGE_MAX = 256 << 10,
	COLOOP_LARGE_SEGMENT_MIN = 512,
	COLOOP_REFS_MAX = 512,
	/* Frag pages: 16 MiB at most, in steps of 256 KiB. */
	COLOOP_FRAG_PAGES_STEP = 64,
	COLOOP_TABLE_REFS = 1024,
	COLOOP_TABLES_MAX = 4,
	/* Of one record. */
	COLOOP_PARTS_MAX = 16,
	/* Headers that a record with parts can have. */
	COLOOP_PARTS_HEAD_MAX = 256,
};

/* Bits of control->features: what the owner can receive, and which words it writes. */
enum coloop_features {
	COLOOP_FEATURE_LARGE_DATAGRAMS = 1 << 0, /* records with COLOOP_GSO_UDP */
	COLOOP_FEATURE_UDP_SEGMENTS = 1 << 1, /* records with COLOOP_GSO_UDP_L4 */
	COLOOP_FEATURE_OFFER_NUMBER = 1 << 2, /* offer and mapped */
	COLOOP_FEATURE_MARKERS = 1 << 3, /* answers marker frames in `marker` */
	COLOOP_FEATURE_FRAG_PAGES = 1 << 4, /* frags_granted, frags_mapped; records with parts */
	/* Frames above COLOOP_FRAME_MAX: of IPv4, of IPv6, of IPv6 with a jumbo payload option. */
	COLOOP_FEATURE_LARGE_IPV4 = 1 << 5,
	COLOOP_FEATURE_LARGE_IPV6 = 1 << 6,
	COLOOP_FEATURE_LARGE_IPV6_JUMBO = 1 << 7,
};

enum coloop_side {
	COLOOP_SIDE_OFFERED = 1,
	COLOOP_SIDE_MAPPED = 2,
	COLOOP_SIDE_CLOSING = 3,
};

/* Bits of record->flags, as in virtio_net_hdr. */
enum coloop_record_flags {
	COLOOP_NEEDS_CSUM = 1, /* fill in the checksum at csum_start + csum_offset */
	COLOOP_DATA_VALID = 2, /* the checksum is known to be right */
};

/* Values of record->gso_type, as in virtio_net_hdr. */
enum coloop_gso {
	COLOOP_GSO_NONE = 0,
	COLOOP_GSO_TCPV4 = 1,
	COLOOP_GSO_UDP = 3, /* one datagram above the MTU, to be cut into IP fragments */
	COLOOP_GSO_TCPV6 = 4,
	COLOOP_GSO_UDP_L4 = 5,
	COLOOP_GSO_ECN = 0x80, /* with a TCP type: congestion bits are set */
};

/* Where a further queue's control page is, and its event channel; port 0: the reader allocates. */
struct coloop_further {
	u32 control_ref;
	u32 port;
};

struct coloop_control {
	u32 magic;
	u32 version;
	u32 order;
	u32 features;
	u32 epoch;
	u32 queues;
	u32 offer;
	u8 zero0[36];

	u32 prod;
	u32 cons_event;
	u8 zero1[56];

	u32 cons;
	u32 prod_event;
	u8 zero2[56];

	u32 side;
	u32 mapped;
	u32 marker;
	u32 frags_granted;
	u32 frags_mapped;
	u8 zero3[44];

	u32 ref[COLOOP_REFS_MAX];
	struct coloop_further further[COLOOP_QUEUES_MAX - 1];
	u32 table[COLOOP_TABLES_MAX];
	u8 zero4[COLOOP_PAGE_SIZE - 256 - 4 * COLOOP_REFS_MAX - 8 * (COLOOP_QUEUES_MAX - 1) -
		 4 * COLOOP_TABLES_MAX];
};

static_assert(offsetof(struct coloop_control, epoch) == 16);
static_assert(offsetof(struct coloop_control, prod) == 64);
static_assert(offsetof(struct coloop_control, cons) == 128);
static_assert(offsetof(struct coloop_control, side) == 192);
static_assert(offsetof(struct coloop_control, mapped) == 196);
static_assert(offsetof(struct coloop_control, marker) == 200);
static_assert(offsetof(struct coloop_control, frags_granted) == 204);
static_assert(offsetof(struct coloop_control, frags_mapped) == 208);
static_assert(offsetof(struct coloop_control, queues) == 20);
static_assert(offsetof(struct coloop_control, offer) == 24);
static_assert(offsetof(struct coloop_control, ref) == 256);
static_assert(offsetof(struct coloop_control, further) == 2304);
static_assert(offsetof(struct coloop_control, table) == 2360);
static_assert(sizeof(struct coloop_control) == COLOOP_PAGE_SIZE);
static_assert(COLOOP_FRAG_PAGES_MAX == COLOOP_TABLES_MAX * COLOOP_TABLE_REFS);

struct coloop_record {
	u32 len;
	u16 csum_start;
	u16 csum_offset;
	u16 gso_size;
	u16 hdr_len;
	u8 gso_type;
	u8 flags;
	u16 parts;
};

struct coloop_part {
	u32 at;
	u32 len;
};

static_assert(offsetof(struct coloop_record, csum_start) == 4);
static_assert(offsetof(struct coloop_record, gso_size) == 8);
static_assert(offsetof(struct coloop_record, gso_type) == 12);
static_assert(offsetof(struct coloop_record, parts) == 14);
static_assert(sizeof(struct coloop_record) == COLOOP_RECORD_ALIGN);

#endif /* _COLOOP_WIRE_H */
