// SPDX-License-Identifier: GPL-2.0
/*
 * Records that are well formed, so that the victim goes on to the next one, with anything in them
 * that a well-formed record may hold: offloads that do not fit the packet, packets that do not fit
 * their lengths, headers cut short.
 */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/prandom.h>

static const u8 gso_types[] = {
	COLOOP_GSO_NONE, COLOOP_GSO_NONE, COLOOP_GSO_TCPV4, COLOOP_GSO_TCPV6, COLOOP_GSO_UDP,
	COLOOP_GSO_UDP_L4, COLOOP_GSO_TCPV4 | COLOOP_GSO_ECN, COLOOP_GSO_TCPV6 | COLOOP_GSO_ECN,
};

static const u8 protocols[] = {
	IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_SCTP,
	IPPROTO_IPV6, IPPROTO_FRAGMENT, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
};

static bool one_in(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n == 0;
}

/* Small numbers, numbers near each other, and anything. */
static u32 some_number(struct rnd_state *rnd, u32 near)
{
	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		return prandom_u32_state(rnd) % 64;
	case 1:
		return near + prandom_u32_state(rnd) % 9 - 4;
	case 2:
		return prandom_u32_state(rnd) % (near + 1);
	default:
		return prandom_u32_state(rnd);
	}
}

static struct coloop_record some_record(struct rnd_state *rnd)
{
	u32 most = one_in(rnd, 50) ? COLOOP_FRAME_MAX : one_in(rnd, 5) ? 2000 : 128;
	struct coloop_record r;

	do {
		r = (struct coloop_record){
			.len = COLOOP_FRAME_MIN + prandom_u32_state(rnd) % most,
			.gso_type = gso_types[prandom_u32_state(rnd) % ARRAY_SIZE(gso_types)],
			.flags = prandom_u32_state(rnd) % 4,
		};
		r.hdr_len = some_number(rnd, r.len);
		if (r.gso_type)
			r.gso_size = some_number(rnd, r.len);
		if (r.flags & COLOOP_NEEDS_CSUM) {
			r.csum_start = some_number(rnd, 34);
			r.csum_offset = one_in(rnd, 2) ? 6 + prandom_u32_state(rnd) % 11 :
							 some_number(rnd, r.len);
		}
	} while (!coloop_record_ok(&r, U32_MAX));
	return r;
}

/* An IP header that gets past its checksum, of a packet from the peer to the victim. */
static void make_ipv4(struct rnd_state *rnd, struct iphdr *ip, u32 len)
{
	ip->version = 4;
	ip->ihl = one_in(rnd, 4) ? prandom_u32_state(rnd) % 16 : 5;
	ip->protocol = protocols[prandom_u32_state(rnd) % ARRAY_SIZE(protocols)];
	ip->tot_len = htons(one_in(rnd, 3) ? some_number(rnd, len) : len);
	if (!one_in(rnd, 4))
		ip->frag_off = 0;
	ip->saddr = htonl(0x0a000002);
	ip->daddr = htonl(0x0a000001);
	ip->check = 0;
	if (ip->ihl >= 5 && ip->ihl * 4 <= len)
		ip->check = ip_fast_csum(ip, ip->ihl);
}

static void make_ipv6(struct rnd_state *rnd, struct ipv6hdr *ip, u32 len)
{
	ip->version = 6;
	ip->nexthdr = protocols[prandom_u32_state(rnd) % ARRAY_SIZE(protocols)];
	ip->payload_len = htons(one_in(rnd, 3) ? some_number(rnd, len) : len - sizeof(*ip));
	ip->saddr = (struct in6_addr){ .s6_addr = { 0xfd, [15] = 2 } };
	ip->daddr = (struct in6_addr){ .s6_addr = { 0xfd, [15] = 1 } };
}

static void make_frame(struct rnd_state *rnd, u8 *frame, u32 len, const struct ethhdr *eth)
{
	struct ethhdr *own = (struct ethhdr *)frame;
	u32 rest = len - ETH_HLEN;

	prandom_bytes_state(rnd, frame, min(len, 128u));
	*own = *eth;
	switch (prandom_u32_state(rnd) % 8) {
	case 0: /* the random bytes, as IP */
		own->h_proto = htons(one_in(rnd, 2) ? ETH_P_IP : ETH_P_IPV6);
		break;
	case 1: /* no IP at all */
		own->h_proto = htons(prandom_u32_state(rnd));
		break;
	case 2:
	case 3:
		own->h_proto = htons(ETH_P_IPV6);
		if (rest >= sizeof(struct ipv6hdr))
			make_ipv6(rnd, (struct ipv6hdr *)(own + 1), rest);
		break;
	default:
		own->h_proto = htons(ETH_P_IP);
		if (rest >= sizeof(struct iphdr))
			make_ipv4(rnd, (struct iphdr *)(own + 1), rest);
	}
}

/* False: there is no room for it now. */
static bool put(struct coloop_channel *ch, const struct coloop_record *record,
		struct rnd_state *rnd, const struct ethhdr *eth)
{
	bool fits;

	spin_lock_bh(&target(ch)->tx_lock);
	fits = coloop_send_look(target(ch)) &&
	       coloop_tx_fits(&target(ch)->tx, record->len);
	if (fits) {
		make_frame(rnd, coloop_tx_begin(&target(ch)->tx, record), record->len, eth);
		coloop_tx_commit(&target(ch)->tx, record->len);
	}
	spin_unlock_bh(&target(ch)->tx_lock);
	return fits;
}

/* The victim makes room once it runs; if it does not, the watch tells. */
static int put_patiently(struct coloop_channel *ch, const struct coloop_record *record,
			 struct rnd_state *rnd, const struct ethhdr *eth)
{
	while (!put(ch, record, rnd, eth)) {
		if (READ_ONCE(target(ch)->rx.peer->side) == COLOOP_SIDE_CLOSING ||
		    !coloop_channel_is_live(ch))
			return -EPIPE;
		coloop_evtchn_notify(&target(ch)->evtchn);
		coloop_channel_watch(target(ch));
		schedule_timeout_uninterruptible(1);
	}
	return 0;
}

/* The next @number of one and the same row; fewer, when the peer has had enough of them. */
int put_nonsense(struct coloop_channel *ch, long number, char *said, size_t room)
{
	static struct rnd_state rnd;
	const struct ethhdr eth = header_to(ch);
	int ret = 0;
	long i;

	if (!rnd.s1)
		prandom_seed_state(&rnd, 0xc01009);
	for (i = 0; i < number && !ret; i++) {
		struct coloop_record record = some_record(&rnd);

		ret = put_patiently(ch, &record, &rnd, &eth);
		if (i % 64 == 63)
			cond_resched();
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "%ld records", i);
	return ret == -EPIPE ? 0 : ret;
}

/* Good records of every @number-th length. */
int put_lengths(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct ethhdr eth = header_to(ch);
	struct rnd_state rnd;
	long count = 0;
	int ret = 0;
	u32 len;

	if (number < 1)
		return -EINVAL;
	prandom_seed_state(&rnd, number);
	for (len = COLOOP_FRAME_MIN; len <= COLOOP_FRAME_MAX && !ret; len += number, count++) {
		const struct coloop_record record = { .len = len };

		ret = put_patiently(ch, &record, &rnd, &eth);
		cond_resched();
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "%ld records", count);
	return ret;
}

/* Number @i of the offloads at the edges of a frame, in a mixed base; false: after the last. */
static bool boundary(unsigned int i, struct coloop_record *record)
{
	static const u32 lengths[] = { 14, 33, 34, 53, 54, 55, 255, 256, 257, 1514, 4096, 4097,
				       65535, COLOOP_FRAME_MAX };
	static const int sizes[] = { 1, 536, 65535, -55, -54, -53, -1, 0 };
	static const u32 headers[] = { 0, 14, 257, 65535 };
	u32 len, kind;
	int size;

	kind = i % ARRAY_SIZE(gso_types);
	i /= ARRAY_SIZE(gso_types);
	size = sizes[i % ARRAY_SIZE(sizes)];
	i /= ARRAY_SIZE(sizes);
	record->hdr_len = headers[i % ARRAY_SIZE(headers)];
	i /= ARRAY_SIZE(headers);
	if (i >= ARRAY_SIZE(lengths))
		return false;
	len = lengths[i];
	record->len = len;
	record->hdr_len = min_t(u32, record->hdr_len, len);
	record->gso_type = gso_types[kind];
	record->gso_size = size > 0 ? size : min_t(u32, len + size, 65535);
	if (len >= 54 && kind % 2) {
		record->flags = COLOOP_NEEDS_CSUM;
		record->csum_start = 34;
		record->csum_offset = 16;
	}
	return true;
}

/* Segment sizes and header lengths at and about every edge of the frame, for every offload. */
int put_boundaries(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct ethhdr eth = header_to(ch);
	struct rnd_state rnd;
	unsigned int i;
	long count = 0;
	int ret = 0;

	prandom_seed_state(&rnd, 1);
	for (i = 0; !ret; i++) {
		struct coloop_record record = {};

		if (!boundary(i, &record))
			break;
		if (!coloop_record_ok(&record, U32_MAX))
			continue;
		ret = put_patiently(ch, &record, &rnd, &eth);
		count++;
		cond_resched();
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "%ld records", count);
	return ret;
}
