/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frag pages: granted to a peer, in blocks that TCP sockets which send to it write into: what a
 * packet has there crosses as a reference and is copied once less.
 */

#ifndef _COLOOP_BLOCKS_H
#define _COLOOP_BLOCKS_H

#include <linux/spinlock.h>

#include "grant.h"
#include "limits.h"
#include "wire.h"

struct coloop_channel;
struct sk_buff;
struct sock;

enum {
	COLOOP_BLOCKS_MAX = COLOOP_FRAG_PAGES_MAX >> COLOOP_BLOCK_ORDER_MIN,
};

/**
 * struct coloop_block - pages in a row, granted to the peer
 * @pages: each of them holds a reference to the first; every further one is a socket's or a
 *   packet's
 * @head: the first of them
 * @at: where it begins in the frag pages, in bytes
 * @end: by queue, where in its ring the last record that refers to the block ends
 */
struct coloop_block {
	struct coloop_pages *pages;
	struct page *head;
	u32 at;
	u32 end[COLOOP_QUEUES_MAX];
};

/**
 * struct coloop_blocks - part of a channel
 * @lock: held by who gives a block to a socket, and who ends that
 * @count: how many there are; more are added under the peer's lock while senders read
 * @granted: pages of all of them
 * @asked: another one is to be made
 * @table: pages with the references, see wire.h
 */
struct coloop_blocks {
	spinlock_t lock; /* who gives, who ends */
	unsigned int count;
	u32 granted;
	unsigned long asked;
	struct coloop_pages *table[COLOOP_TABLES_MAX];
	struct coloop_block block[COLOOP_BLOCKS_MAX];
};

void coloop_blocks_init(struct coloop_blocks *blocks);
/*
 * From the egress hook: gives the socket of @skb a block to write into, or the next one.  What is
 * not @diverted goes to somebody else, or may, and needs no @ch; the socket gets pages of its own
 * again.
 */
void coloop_blocks_serve(struct coloop_channel *ch, const struct sk_buff *skb, bool diverted);
/* Under the lock of a TCP socket: what the above has set is as it was. */
void coloop_blocks_withdraw(struct sock *sk);
/*
 * Under the tx_lock of an open queue: where in the frag pages the fragments of @skb are.  Returns
 * how many parts that are, 0 if not all of them are there.
 */
unsigned int coloop_blocks_refer(const struct coloop_channel *ch, const struct sk_buff *skb,
				 struct coloop_part *parts);
/* Under the same lock: a record with these parts ends at @end in the ring of queue @index. */
void coloop_blocks_note(struct coloop_channel *ch, const struct coloop_part *parts,
			unsigned int count, unsigned int index, u32 end);

/* Under the peer's lock: grants one block more, if it may be. */
void coloop_blocks_grow(struct coloop_channel *ch);
/* Under the peer's lock, with all queues stopped: sockets keep what they have, but nobody else. */
void coloop_blocks_end(struct coloop_channel *ch);

#endif /* _COLOOP_BLOCKS_H */
