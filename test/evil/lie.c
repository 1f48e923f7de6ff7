// SPDX-License-Identifier: GPL-2.0
/* Single lies: an index, a word of the control page, a record, a frame. */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/udp.h>

enum { FRAME = 64 };

/* Nothing is read from the peer any more, and what this end sends takes the ordinary path. */
void fall_silent(struct coloop_channel *ch)
{
	unsigned int i;

	set_bit(COLOOP_FAULTED, &ch->flags);
	for (i = 0; i < ch->queues; i++) {
		spin_lock_bh(&ch->queue[i].tx_lock);
		ch->queue[i].mode = COLOOP_QUEUE_CLOSED;
		spin_unlock_bh(&ch->queue[i].tx_lock);
	}
	napi_synchronize(&target(ch)->napi);
}

static void claim(struct coloop_channel *ch, u32 *word, u32 value)
{
	virt_store_release(word, value); /* as P4 and C4 do it */
	coloop_evtchn_notify(&target(ch)->evtchn);
}

int say_prod(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 truth;

	fall_silent(ch);
	truth = target(ch)->tx.prod;
	claim(ch, &target(ch)->own->prod, truth + number);
	scnprintf(said, room, "prod %u for %u", truth + (u32)number, truth);
	return 0;
}

int say_cons(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 truth;

	fall_silent(ch);
	truth = target(ch)->rx.cons;
	claim(ch, &target(ch)->own->cons, truth + number);
	scnprintf(said, room, "cons %u for %u", truth + (u32)number, truth);
	return 0;
}

int say_side(struct coloop_channel *ch, long number, char *said, size_t room)
{
	fall_silent(ch);
	claim(ch, &target(ch)->own->side, number);
	scnprintf(said, room, "side %ld", number);
	return 0;
}

/* Any value is allowed; the peer must neither loop nor forget us. */
int say_thresholds(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct coloop_control *own = target(ch)->own;
	long i;

	for (i = 0; i < number; i++) {
		WRITE_ONCE(own->cons_event, get_random_u32());
		WRITE_ONCE(own->prod_event, get_random_u32());
		coloop_evtchn_notify(&target(ch)->evtchn);
		if (i % 64 == 63)
			cond_resched();
	}
	/* Our own poll has to arm again. */
	local_bh_disable();
	napi_schedule(&target(ch)->napi);
	local_bh_enable();
	scnprintf(said, room, "%ld pairs of thresholds", number);
	return 0;
}

/* Takes nothing, sends nothing, says nothing. */
int starve(struct coloop_channel *ch, long number, char *said, size_t room)
{
	fall_silent(ch);
	scnprintf(said, room, "silent");
	return 0;
}

/* A frame of 64 bytes as the peer's, whatever the record says of it. */
static int put_frame(struct coloop_channel *ch, const struct coloop_record *record,
		     const u8 *frame)
{
	struct coloop_tx *tx = &target(ch)->tx;
	bool fits;

	spin_lock_bh(&target(ch)->tx_lock);
	fits = coloop_tx_fits(tx, FRAME);
	if (fits) {
		memcpy(coloop_tx_begin(tx, record), frame, FRAME);
		coloop_tx_commit(tx, FRAME);
	}
	spin_unlock_bh(&target(ch)->tx_lock);
	coloop_evtchn_notify(&target(ch)->evtchn);
	return fits ? 0 : -ENOSPC;
}

/* Published as it should be, but what it says of itself is not true. */
static int put_record(struct coloop_channel *ch, const struct coloop_record *record)
{
	const u8 frame[FRAME] = {};

	fall_silent(ch);
	return put_frame(ch, record, frame);
}

int put_length(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_record record = { .len = number };

	scnprintf(said, room, "a record of %u bytes, of which there are 64", record.len);
	return put_record(ch, &record);
}

/* By offset and size in struct coloop_record. */
static const struct {
	const char *name;
	size_t offset;
	size_t size;
} fields[] = {
	{ "csum_start", 4, 2 }, { "csum_offset", 6, 2 }, { "gso_size", 8, 2 },
	{ "hdr_len", 10, 2 }, { "gso_type", 12, 1 }, { "flags", 13, 1 }, { "parts", 14, 2 },
};

int put_field(struct coloop_channel *ch, const char *name, long number, char *said, size_t room)
{
	struct coloop_record record = { .len = FRAME };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name))
			continue;
		/* Little-endian, as the machine is. */
		memcpy((u8 *)&record + fields[i].offset, &number, fields[i].size);
		scnprintf(said, room, "a record with %s %ld", name, number);
		return put_record(ch, &record);
	}
	return -EINVAL;
}

struct ethhdr header_to(struct coloop_channel *ch)
{
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	struct coloop_link *link;

	mutex_lock(&coloop_peers_lock);
	link = list_first_entry_or_null(&coloop_channel_peer(ch)->links, struct coloop_link,
					peer_entry);
	if (link) {
		ether_addr_copy(eth.h_dest, link->remote);
		ether_addr_copy(eth.h_source, link->local);
	}
	mutex_unlock(&coloop_peers_lock);
	return eth;
}

/* A good record with a frame that a good peer would not send. */
static int put_bad_frame(struct coloop_channel *ch, const struct ethhdr *eth, char *said,
			 size_t room)
{
	const struct coloop_record record = { .len = FRAME };
	u8 frame[FRAME] = {};

	memcpy(frame, eth, sizeof(*eth));
	scnprintf(said, room, "a frame of type %04x from %pM to %pM", ntohs(eth->h_proto),
		  eth->h_source, eth->h_dest);
	return put_frame(ch, &record, frame);
}

/* From the address of another guest. */
int put_source(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct ethhdr eth = header_to(ch);

	eth.h_source[ETH_ALEN - 1] = number;
	return put_bad_frame(ch, &eth, said, room);
}

/* To the address of another guest; 255: to everybody. */
int put_dest(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct ethhdr eth = header_to(ch);

	if (number == 255)
		eth_broadcast_addr(eth.h_dest);
	else
		eth.h_dest[ETH_ALEN - 1] = number;
	return put_bad_frame(ch, &eth, said, room);
}

/* Of another protocol than IP: ARP would let us take anybody's address. */
int put_type(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct ethhdr eth = header_to(ch);

	eth.h_proto = htons(number);
	return put_bad_frame(ch, &eth, said, room);
}

/* From our own MAC address, but the IP address of guest @number. */
int put_spoofed(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_record record = { .len = FRAME };
	const struct ethhdr eth = header_to(ch);
	const u16 len = FRAME - ETH_HLEN;
	u8 frame[FRAME] = {};
	struct iphdr *ip = (struct iphdr *)(frame + ETH_HLEN);
	struct udphdr *udp = (struct udphdr *)(ip + 1);

	memcpy(frame, &eth, sizeof(eth));
	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(len),
		.saddr = htonl(0x0a000000 + number), .daddr = htonl(0x0a000001),
	};
	ip->check = ip_fast_csum(ip, ip->ihl);
	udp->source = htons(9);
	udp->dest = htons(9);
	udp->len = htons(len - sizeof(*ip));
	scnprintf(said, room, "a datagram from %pI4", &ip->saddr);
	return put_frame(ch, &record, frame);
}
