// SPDX-License-Identifier: GPL-2.0
/*
 * Records above the longest frame that IP can say: wrong ones, and right ones with anything in
 * them.
 */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/prandom.h>
#include <linux/tcp.h>
#include <net/ipv6.h>

enum {
	FRAME = 200000,
	OTHER_FORM = COLOOP_COMPAT_LARGE_IPV6_JUMBO ? COLOOP_FEATURE_LARGE_IPV6 :
						      COLOOP_FEATURE_LARGE_IPV6_JUMBO,
	OUR_FORM = COLOOP_FEATURE_LARGE_IPV6 + COLOOP_FEATURE_LARGE_IPV6_JUMBO - OTHER_FORM,
};

/* What one packet is to be like. */
struct oversize {
	u32 len;
	u8 gso_type;
	u16 gso_size;
	u8 flags;
	/* How its IP header says its length: enum coloop_features. */
	u32 form;
	u8 protocol;
	u16 length;
};

static const struct oversize packets[] = {
	/* Records that are none. */
	{ COLOOP_LARGE_MAX + 1, COLOOP_GSO_TCPV4, 1448, COLOOP_NEEDS_CSUM },
	{ FRAME, COLOOP_GSO_NONE, 0, COLOOP_NEEDS_CSUM },
	{ FRAME, COLOOP_GSO_UDP, 1448, COLOOP_NEEDS_CSUM },
	{ FRAME, COLOOP_GSO_UDP_L4, 1448, COLOOP_NEEDS_CSUM },
	{ FRAME, COLOOP_GSO_TCPV4, COLOOP_LARGE_SEGMENT_MIN - 1, COLOOP_NEEDS_CSUM },
	{ FRAME, COLOOP_GSO_TCPV4, 1448, COLOOP_DATA_VALID },
	/* Packets whose headers say something else. */
	{ FRAME, COLOOP_GSO_TCPV4, 1448, COLOOP_NEEDS_CSUM, COLOOP_FEATURE_LARGE_IPV4,
	  IPPROTO_TCP, 1500 },
	{ FRAME, COLOOP_GSO_TCPV4, 1448, COLOOP_NEEDS_CSUM, COLOOP_FEATURE_LARGE_IPV4,
	  IPPROTO_UDP },
	{ FRAME, COLOOP_GSO_TCPV6, 1428, COLOOP_NEEDS_CSUM, COLOOP_FEATURE_LARGE_IPV4,
	  IPPROTO_TCP },
	{ FRAME, COLOOP_GSO_TCPV4, 1448, COLOOP_NEEDS_CSUM, OUR_FORM, IPPROTO_TCP },
	{ FRAME, COLOOP_GSO_TCPV6, 1428, COLOOP_NEEDS_CSUM, OTHER_FORM, IPPROTO_TCP },
	{ FRAME, COLOOP_GSO_TCPV6, 1428, COLOOP_NEEDS_CSUM, OUR_FORM, IPPROTO_UDP },
	{ FRAME, COLOOP_GSO_TCPV6, 1428, COLOOP_NEEDS_CSUM, OUR_FORM, IPPROTO_TCP, 1500 },
};

/* Headers as far as IP, and those of TCP with nothing in them.  Returns how long they are. */
static u32 make_headers(struct coloop_channel *ch, const struct oversize *packet, u8 *head)
{
	struct ethhdr *eth = (struct ethhdr *)head;
	struct ipv6hdr *ip6 = (struct ipv6hdr *)(eth + 1);
	struct iphdr *ip = (struct iphdr *)(eth + 1);
	u32 len = sizeof(*eth) + sizeof(*ip);

	memset(head, 0, COLOOP_PARTS_HEAD_MAX);
	*eth = header_to(ch);
	if (packet->form & COLOOP_FEATURE_LARGE_IPV4) {
		*ip = (struct iphdr){
			.version = 4, .ihl = 5, .ttl = 64, .protocol = packet->protocol,
			.tot_len = htons(packet->length),
			.saddr = htonl(0x0a000002), .daddr = htonl(0x0a000001),
		};
		ip->check = ip_fast_csum(ip, ip->ihl);
	} else {
		eth->h_proto = htons(ETH_P_IPV6);
		*ip6 = (struct ipv6hdr){
			.version = 6, .hop_limit = 64, .nexthdr = packet->protocol,
			.payload_len = htons(packet->length),
		};
		len = sizeof(*eth) + sizeof(*ip6);
	}
	if (packet->form & COLOOP_FEATURE_LARGE_IPV6_JUMBO) {
		const u8 option[] = { packet->protocol, 0, IPV6_TLV_JUMBO, 4, 0, 3, 0x0d, 0x20 };

		ip6->nexthdr = NEXTHDR_HOP;
		memcpy(head + len, option, sizeof(option));
		len += sizeof(option);
	}
	((struct tcphdr *)(head + len))->doff = 5;
	return len + sizeof(struct tcphdr);
}

/* The same bytes again and again: as many parts as there can be. */
static void make_parts(const struct coloop_record *record, struct coloop_part *parts)
{
	u32 left = record->len - record->hdr_len;
	u32 i;

	for (i = 0; i < record->parts; i++) {
		parts[i] = (struct coloop_part){ 0, left / (record->parts - i) };
		left -= parts[i].len;
	}
}

static struct coloop_record make_record(const struct oversize *packet, u32 headers)
{
	struct coloop_record record = {
		.len = packet->len, .hdr_len = headers, .parts = COLOOP_PARTS_MAX,
		.gso_type = packet->gso_type, .gso_size = packet->gso_size, .flags = packet->flags,
	};

	if (packet->flags & COLOOP_NEEDS_CSUM) {
		record.csum_start = headers - sizeof(struct tcphdr);
		record.csum_offset = offsetof(struct tcphdr, check);
	}
	return record;
}

int put_oversize(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u8 head[COLOOP_PARTS_HEAD_MAX];
	struct coloop_part parts[COLOOP_PARTS_MAX];
	struct coloop_record record;

	if (number < 0 || number >= ARRAY_SIZE(packets) || !ch->blocks.granted)
		return -EINVAL;
	record = make_record(&packets[number], make_headers(ch, &packets[number], head));
	make_parts(&record, parts);
	if (!put_by_reference(ch, &record, parts, head))
		return -EAGAIN;
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "%u bytes, type %u, segments of %u", record.len, record.gso_type,
		  record.gso_size);
	return 0;
}

/* One that the victim's kernel gets, with anything in its headers but their form. */
static struct coloop_record some_oversize(struct coloop_channel *ch, struct rnd_state *rnd,
					  u8 *head)
{
	struct oversize packet = {
		.len = COLOOP_FRAME_MAX + 1 +
		       prandom_u32_state(rnd) % (COLOOP_LARGE_MAX - COLOOP_FRAME_MAX),
		.gso_size = COLOOP_LARGE_SEGMENT_MIN +
			    prandom_u32_state(rnd) % (65536 - COLOOP_LARGE_SEGMENT_MIN),
		.flags = COLOOP_NEEDS_CSUM,
		.protocol = IPPROTO_TCP,
		.form = prandom_u32_state(rnd) % 2 ? COLOOP_FEATURE_LARGE_IPV4 : OUR_FORM,
	};
	u32 headers;

	packet.gso_type = packet.form & COLOOP_FEATURE_LARGE_IPV4 ? COLOOP_GSO_TCPV4 :
								    COLOOP_GSO_TCPV6;
	headers = make_headers(ch, &packet, head);
	prandom_bytes_state(rnd, head + headers - sizeof(struct tcphdr), sizeof(struct tcphdr));
	if (prandom_u32_state(rnd) % 4 == 0)
		head[ETH_HLEN + prandom_u32_state(rnd) % (headers - ETH_HLEN)] ^= 1 << headers % 8;
	return make_record(&packet, headers);
}

int put_oversizes(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u8 head[COLOOP_PARTS_HEAD_MAX];
	struct coloop_part parts[COLOOP_PARTS_MAX];
	struct rnd_state rnd;
	long i;

	if (!ch->blocks.granted)
		return -EINVAL;
	prandom_seed_state(&rnd, number);
	for (i = 0; i < number; i++) {
		struct coloop_record record = some_oversize(ch, &rnd, head);

		make_parts(&record, parts);
		while (!put_by_reference(ch, &record, parts, head)) {
			if (!coloop_channel_is_live(ch))
				return -EPIPE;
			coloop_evtchn_notify(&target(ch)->evtchn);
			schedule_timeout_uninterruptible(1);
		}
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	coloop_channel_watch(target(ch));
	scnprintf(said, room, "%ld records", number);
	return 0;
}
