// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams that a socket keeps, each followed by what fills the rest of the memory that it was
 * copied into and is dropped at once.  What a receiver charges a socket is to be near what it pins.
 */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/udp.h>

enum {
	PIN_PORT = 7400,
	PIN_ROUNDS = 1000,
	/* With what is kept, just more than a chunk of the peer's pool. */
	PIN_FILLER = (4096 << COLOOP_POOL_ORDER) - 256,
};

/* The first bytes of a frame to the peer's IP address; the rest is whatever the ring holds. */
struct pin_frame {
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct udphdr udp;
		struct icmphdr icmp;
	};
} __packed;

static void pin_dress(struct pin_frame *frame, struct coloop_channel *ch, u8 protocol, u32 len)
{
	const u32 payload = len - ETH_HLEN - sizeof(frame->ip);

	memset(frame, 0, sizeof(*frame));
	frame->eth = header_to(ch);
	frame->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol,
		.tot_len = htons(len - ETH_HLEN),
		.saddr = htonl(0x0a000002), .daddr = htonl(0x0a000001),
	};
	frame->ip.check = ip_fast_csum(&frame->ip, frame->ip.ihl);
	if (protocol == IPPROTO_UDP)
		frame->udp = (struct udphdr){
			.source = htons(9), .dest = htons(PIN_PORT), .len = htons(payload),
		};
	else
		frame->icmp.type = ICMP_ECHOREPLY;
}

static bool pin_put(struct coloop_channel *ch, const struct pin_frame *frame, u32 len)
{
	const struct coloop_record record = {
		/* The shortest that headers may claim to be: the most goes into the pool. */
		.len = len, .hdr_len = sizeof(*frame), .flags = COLOOP_DATA_VALID,
	};
	bool fits;

	spin_lock_bh(&target(ch)->tx_lock);
	fits = coloop_send_look(target(ch)) && coloop_tx_fits(&target(ch)->tx, len);
	if (fits) {
		memcpy(coloop_tx_begin(&target(ch)->tx, &record), frame, sizeof(*frame));
		coloop_tx_commit(&target(ch)->tx, len);
	}
	spin_unlock_bh(&target(ch)->tx_lock);
	return fits;
}

static bool pin_put_patiently(struct coloop_channel *ch, const struct pin_frame *frame, u32 len)
{
	while (!pin_put(ch, frame, len)) {
		if (!coloop_channel_is_live(ch))
			return false;
		coloop_evtchn_notify(&target(ch)->evtchn);
		schedule_timeout_uninterruptible(1);
	}
	return true;
}

/* Frames of @number bytes that are kept. */
int pin(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct pin_frame kept, filler;
	unsigned int i;

	if (number < (long)sizeof(kept) || number > PIN_FILLER)
		return -EINVAL;
	pin_dress(&kept, ch, IPPROTO_UDP, number);
	pin_dress(&filler, ch, IPPROTO_ICMP, PIN_FILLER);
	for (i = 0; i < PIN_ROUNDS; i++) {
		if (!pin_put_patiently(ch, &kept, number) ||
		    !pin_put_patiently(ch, &filler, PIN_FILLER))
			return -EPIPE;
		cond_resched();
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "%u datagrams in frames of %ld bytes", i, number);
	return 0;
}
