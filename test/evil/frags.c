// SPDX-License-Identifier: GPL-2.0
/* Lies about the pages that we grant, and about the parts of records that lie there. */

#include "evil.h"

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/prandom.h>

enum { HEAD = ETH_HLEN + sizeof(struct iphdr) };

static void claim(struct coloop_channel *ch, u32 *word, u32 value)
{
	virt_store_release(word, value); /* as the peer reads it with an acquire */
	coloop_evtchn_notify(&ch->queue->evtchn);
}

/* As an honest end does it when its sockets ask for blocks. */
int grant(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 before;

	WRITE_ONCE(ch->frag_pages, COLOOP_FRAG_PAGES_MAX);
	do {
		before = ch->blocks.granted;
		coloop_blocks_grow(ch);
	} while (ch->blocks.granted < number && ch->blocks.granted != before);
	scnprintf(said, room, "%u pages granted", ch->blocks.granted);
	return ch->blocks.granted < number ? -ENOMEM : 0;
}

int say_granted(struct coloop_channel *ch, long number, char *said, size_t room)
{
	scnprintf(said, room, "granted %u", (u32)number);
	claim(ch, &ch->queue->own->frags_granted, number);
	return 0;
}

int say_mapped(struct coloop_channel *ch, long number, char *said, size_t room)
{
	scnprintf(said, room, "mapped %u", (u32)number);
	claim(ch, &ch->queue->own->frags_mapped, number);
	return 0;
}

/* A table that is granted so; 0: our first ring page, where there is what the ring holds. */
int say_table(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 ref = number ?: ch->queue->own->ref[0];

	scnprintf(said, room, "a table by grant %u", ref);
	WRITE_ONCE(ch->queue->own->table[0], ref);
	claim(ch, &ch->queue->own->frags_granted, COLOOP_FRAG_PAGES_STEP);
	return 0;
}

/* More pages than are there, the references of which are all this number. */
int say_references(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 granted = ch->blocks.granted;
	u32 *table;
	u32 i;

	if (!ch->blocks.table[0] || granted + COLOOP_FRAG_PAGES_STEP > COLOOP_TABLE_REFS)
		return -EINVAL;
	table = page_address(ch->blocks.table[0]->page[0].page);
	for (i = 0; i < COLOOP_FRAG_PAGES_STEP; i++)
		WRITE_ONCE(table[granted + i], number);
	scnprintf(said, room, "%u more pages by grant %u", COLOOP_FRAG_PAGES_STEP, (u32)number);
	claim(ch, &ch->queue->own->frags_granted, granted + COLOOP_FRAG_PAGES_STEP);
	return 0;
}

/* An IP packet of a protocol that nobody listens to. */
static void make_head(struct coloop_channel *ch, u8 *head, u32 len)
{
	const struct ethhdr eth = header_to(ch);
	struct iphdr *ip = (struct iphdr *)(head + ETH_HLEN);

	memcpy(head, &eth, sizeof(eth));
	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = 253,
		.tot_len = htons(min(len - ETH_HLEN, 65535u)),
		.saddr = htonl(0x0a000002), .daddr = htonl(0x0a000001),
	};
	ip->check = ip_fast_csum(ip, ip->ihl);
}

bool put_by_reference(struct coloop_channel *ch, const struct coloop_record *record,
		      const struct coloop_part *parts, const u8 *head)
{
	struct coloop_queue *queue = target(ch);
	u32 body = coloop_record_body(record);
	u32 size = record->parts * sizeof(*parts);
	bool fits;
	u8 *to;

	spin_lock_bh(&queue->tx_lock);
	fits = coloop_send_look(queue) && coloop_tx_fits(&queue->tx, body);
	if (fits) {
		to = coloop_tx_begin(&queue->tx, record);
		memcpy(to, parts, size);
		memcpy(to + size, head, record->hdr_len);
		coloop_tx_commit(&queue->tx, body);
	}
	spin_unlock_bh(&queue->tx_lock);
	return fits;
}

/* Parts of a frame of 1000 bytes and its headers, each wrong in its own way. */
int put_parts(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const u32 end = ch->blocks.granted * COLOOP_PAGE_SIZE;
	const struct coloop_part lies[][2] = {
		{ { end - 999, 1000 } }, { { end, 1000 } }, { { U32_MAX - 998, 1000 } },
		{ { 0, U32_MAX } }, { { 0, 999 } }, { { 0, 1001 } }, { { 0, 1000 }, { 0, 0 } },
		{ { 0, 0x80000000 }, { 0, 0x80000000 + 1000 } }, { { 0, 500 }, { end - 1, 500 } },
	};
	struct coloop_record record = { .len = HEAD + 1000, .hdr_len = HEAD, .parts = 1 };
	u8 head[HEAD];

	if (number < 0 || number >= ARRAY_SIZE(lies))
		return -EINVAL;
	record.parts += lies[number][1].len || number == 6;
	make_head(ch, head, record.len);
	put_by_reference(ch, &record, lies[number], head);
	fall_silent(ch);
	coloop_evtchn_notify(&target(ch)->evtchn);
	scnprintf(said, room, "parts %u+%u, %u+%u", lies[number][0].at, lies[number][0].len,
		  lies[number][1].at, lies[number][1].len);
	return 0;
}

/* A good record whose parts lie anywhere in what is granted, in any order, over each other. */
static struct coloop_record some_parts(struct rnd_state *rnd, u32 granted,
				       struct coloop_part *parts)
{
	u32 most = (COLOOP_FRAME_MAX - HEAD) / COLOOP_PARTS_MAX;
	struct coloop_record record = {
		.len = HEAD,
		.hdr_len = HEAD,
		.parts = 1 + prandom_u32_state(rnd) % COLOOP_PARTS_MAX,
	};
	u32 i;

	for (i = 0; i < record.parts; i++) {
		parts[i].len = 1 + prandom_u32_state(rnd) % (i % 4 ? 64 : most);
		parts[i].at = prandom_u32_state(rnd) % (granted - parts[i].len + 1);
		record.len += parts[i].len;
	}
	return record;
}

/* That many of them, while the bytes that they refer to change. */
int put_references(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 granted = ch->blocks.granted * COLOOP_PAGE_SIZE;
	struct coloop_part parts[COLOOP_PARTS_MAX];
	struct rnd_state rnd;
	u8 head[HEAD];
	long i;

	if (!granted)
		return -EINVAL;
	prandom_seed_state(&rnd, number);
	for (i = 0; i < number; i++) {
		struct coloop_record record = some_parts(&rnd, granted, parts);

		make_head(ch, head, record.len);
		while (!put_by_reference(ch, &record, parts, head)) {
			if (!coloop_channel_is_live(ch))
				return -EPIPE;
			coloop_evtchn_notify(&target(ch)->evtchn);
			prandom_bytes_state(&rnd, page_address(ch->blocks.block[0].head), 4096);
			schedule_timeout_uninterruptible(1);
		}
	}
	coloop_evtchn_notify(&target(ch)->evtchn);
	coloop_channel_watch(target(ch));
	scnprintf(said, room, "%ld records", number);
	return 0;
}
