// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_sendmsg() asks sk_page_frag() in every turn of its loop where to put what a program writes.
 * That is the task's page, or sk_frag where sk_use_task_frag is off.  So for a socket whose
 * packets go to a peer by a channel the flag goes off and a block of ours becomes sk_frag.  The
 * kernel drops it when it is full, or with the socket, as it would a page of its own.
 *
 * A block has a reference for each of its pages, as the grants of all of them end one by one.  It
 * is free when there is none beside these, and the peer has taken each record that refers to it.
 */

#include "blocks.h"
#include "channel.h"
#include "peer.h"
#include "queueing.h"

#include <linux/page_ref.h>
#include <net/inet_connection_sock.h>
#include <net/ip6_route.h>
#include <net/mptcp.h>
#include <net/route.h>
#include <net/tcp.h>

void coloop_blocks_init(struct coloop_blocks *blocks)
{
	spin_lock_init(&blocks->lock);
}

static u32 block_size(const struct coloop_block *block)
{
	return block->pages->count * COLOOP_PAGE_SIZE;
}

static const struct coloop_block *blocks_find(const struct coloop_blocks *blocks,
					      const struct page *head)
{
	unsigned int count = smp_load_acquire(&blocks->count); /* before what they are */
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (blocks->block[i].head == head)
			return &blocks->block[i];
	}
	return NULL;
}

/*
 * Does a record that the peer has not taken refer to it?  Its word is not checked: one that has not
 * read what it says is the only one who gets other bytes then.
 */
static bool block_is_referred_to(const struct coloop_channel *ch, const struct coloop_block *block)
{
	unsigned int i;

	for (i = 0; i < ch->queues; i++) {
		const struct coloop_tx *tx = &ch->queue[i].tx;
		u32 prod = READ_ONCE(tx->prod);

		if (coloop_crossed(READ_ONCE(block->end[i]), READ_ONCE(tx->peer->cons), prod))
			return true;
	}
	return false;
}

/* One that says it has mapped more than it has harms itself alone, too. */
static bool block_is_free(const struct coloop_channel *ch, const struct coloop_block *block)
{
	u32 end = block->at / COLOOP_PAGE_SIZE + block->pages->count;

	if (page_ref_count(block->head) != block->pages->count)
		return false;
	/* Pairs with put_page(): the last packet was noted before it let go of its reference. */
	smp_rmb();
	return READ_ONCE(ch->queue->rx.peer->frags_mapped) >= end &&
	       !block_is_referred_to(ch, block);
}

/* With a reference, which makes it nobody else's.  NULL: none is free. */
static const struct coloop_block *blocks_take(struct coloop_channel *ch)
{
	struct coloop_blocks *blocks = &ch->blocks;
	const struct coloop_block *found = NULL;
	unsigned int i;

	spin_lock(&blocks->lock);
	for (i = 0; i < blocks->count && !found; i++) {
		if (block_is_free(ch, &blocks->block[i]))
			found = &blocks->block[i];
	}
	if (found)
		get_page(found->head);
	spin_unlock(&blocks->lock);
	return found;
}

/* Has one more made, unless the peer has still to map the last. */
static void blocks_ask(struct coloop_channel *ch)
{
	struct coloop_blocks *blocks = &ch->blocks;
	u32 granted = READ_ONCE(blocks->granted);

	if (granted + COLOOP_FRAG_PAGES_STEP <= READ_ONCE(ch->frag_pages) &&
	    READ_ONCE(ch->queue->rx.peer->frags_mapped) >= granted && !READ_ONCE(blocks->asked) &&
	    !xchg(&blocks->asked, 1))
		coloop_peer_post(coloop_channel_peer(ch), COLOOP_TODO_GRANT);
}

static void block_set(struct sock *sk, const struct coloop_block *block)
{
	struct page *old = sk->sk_frag.page;

	sk->sk_frag = (struct page_frag){};
	if (block) {
		sk->sk_frag.page = block->head;
		sk->sk_frag.size = block_size(block);
	}
	if (old)
		put_page(old);
}

/*
 * The kernel drops a block that is full and takes pages of its own, so a program must not write
 * more than is left before we see the next packet.  What it has set itself stays.
 */
static void block_limit_writes(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (!tp->notsent_lowat && tcp_notsent_lowat(tp) > COLOOP_BLOCK_LOWAT)
		WRITE_ONCE(tp->notsent_lowat, COLOOP_BLOCK_LOWAT);
}

/* Whatever block it has; with no trace left. */
static void block_withdraw(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	block_set(sk, NULL);
	sk->sk_use_task_frag = true;
	coloop_large_forbid(sk);
	if (tp->notsent_lowat == COLOOP_BLOCK_LOWAT)
		WRITE_ONCE(tp->notsent_lowat, 0);
}

static void block_renew(struct coloop_channel *ch, struct sock *sk)
{
	const struct coloop_block *has = NULL;
	const struct coloop_block *next;

	if (!sk->sk_use_task_frag && sk->sk_frag.page)
		has = blocks_find(&ch->blocks, sk->sk_frag.page);
	if (has && sk->sk_frag.size - sk->sk_frag.offset >= COLOOP_BLOCK_LOW)
		return;
	next = blocks_take(ch);
	if (next) {
		block_set(sk, next);
		sk->sk_use_task_frag = false;
		block_limit_writes(sk);
		return;
	}
	blocks_ask(ch);
	/* What else it has may be granted to another peer. */
	if (!has && !sk->sk_use_task_frag)
		block_withdraw(sk);
}

/*
 * Not one that the kernel writes to: where that may happen during reclaim (nbd, iscsi_tcp) it has
 * put the flag off itself, on a program's socket, and says what may be allocated.
 */
static bool block_socket_is_of_program(const struct sock *sk)
{
	return !sk->sk_kern_sock && sk->sk_allocation == GFP_KERNEL;
}

/*
 * A packet of the socket's own, sent under its lock: who parks one takes a reference to the route.
 */
static bool block_socket_is_locked(const struct sock *sk, const struct sk_buff *skb)
{
	if (!skb_dst_is_noref(skb) ||
	    !((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)))
		return false;
	lockdep_assert(lockdep_sock_is_held(sk));
	return true;
}

/* The peer is whom the program speaks to, no router, and reads what was written as it is. */
static bool block_is_direct(const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (dst->lwtstate || dst_xfrm(dst))
		return false;
	return dst->ops->family == AF_INET ? !skb_rtable(skb)->rt_uses_gateway :
					     !(skb_rt6_info(skb)->rt6i_flags & RTF_GATEWAY);
}

static bool block_may_be_given(const struct coloop_channel *ch, struct sock *sk,
			       const struct sk_buff *skb)
{
	return READ_ONCE(ch->frag_pages) && ch->remote_features & COLOOP_FEATURE_FRAG_PAGES &&
	       !inet_csk_has_ulp(sk) && !sk_is_mptcp(sk) && block_is_direct(skb);
}

void coloop_blocks_serve(struct coloop_channel *ch, const struct sk_buff *skb, bool diverted)
{
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk) || !sk_is_tcp(sk))
		return;
	if (READ_ONCE(sk->sk_use_task_frag) && (!diverted || skb->len < COLOOP_BLOCK_PACKET))
		return;
	if (!block_socket_is_of_program(sk) || !block_socket_is_locked(sk, skb))
		return;
	if (diverted && block_may_be_given(ch, sk, skb))
		block_renew(ch, sk);
	else if (!sk->sk_use_task_frag)
		block_withdraw(sk);
	if (!sk->sk_use_task_frag)
		coloop_large_allow(ch, sk, skb);
}

void coloop_blocks_withdraw(struct sock *sk)
{
	if (!sk->sk_use_task_frag && block_socket_is_of_program(sk))
		block_withdraw(sk);
}

unsigned int coloop_blocks_refer(const struct coloop_channel *ch, const struct sk_buff *skb,
				 struct coloop_part *parts)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int count = 0, i;

	if (skb_has_frag_list(skb))
		return 0;
	for (i = 0; i < info->nr_frags; i++) {
		const skb_frag_t *frag = &info->frags[i];
		const struct coloop_block *block = blocks_find(&ch->blocks, skb_frag_page(frag));
		u32 at;

		if (!block)
			return 0;
		at = block->at + skb_frag_off(frag);
		if (count && parts[count - 1].at + parts[count - 1].len == at) {
			parts[count - 1].len += skb_frag_size(frag);
			continue;
		}
		if (count == COLOOP_PARTS_MAX)
			return 0;
		parts[count++] = (struct coloop_part){ .at = at, .len = skb_frag_size(frag) };
	}
	return count;
}

void coloop_blocks_note(struct coloop_channel *ch, const struct coloop_part *parts,
			unsigned int count, unsigned int index, u32 end)
{
	struct coloop_blocks *blocks = &ch->blocks;
	unsigned int i, at;

	for (i = 0; i < count; i++) {
		for (at = 0; at < blocks->count; at++) {
			struct coloop_block *block = &blocks->block[at];

			if (parts[i].at - block->at < block_size(block))
				WRITE_ONCE(block->end[index], end);
		}
	}
}

/* Grants for a block, and at first for the table that names them. */
static struct coloop_pages *blocks_alloc(struct coloop_channel *ch, unsigned int order)
{
	domid_t domid = coloop_channel_peer(ch)->domid;
	u32 pages = ch->blocks.granted + (1u << order);

	if (pages > ch->frag_pages ||
	    coloop_pages_deferred(domid) + pages > COLOOP_PEER_PAGES_MAX ||
	    coloop_grants_reserve(1u << order, NULL))
		return NULL;
	return coloop_pages_alloc_block(domid, order);
}

/* The table of the page with this number, made when it is the first there. */
static u32 *blocks_table(struct coloop_channel *ch, u32 number)
{
	struct coloop_pages **table = &ch->blocks.table[number / COLOOP_TABLE_REFS];

	if (!*table && !coloop_grants_reserve(1, NULL)) {
		*table = coloop_pages_alloc(coloop_channel_peer(ch)->domid, 1);
		if (*table) {
			coloop_pages_share(*table);
			ch->queue->own->table[number / COLOOP_TABLE_REFS] = (*table)->page[0].ref;
		}
	}
	return *table ? page_address((*table)->page[0].page) : NULL;
}

static void blocks_share(struct coloop_channel *ch, struct coloop_pages *pages)
{
	struct coloop_blocks *blocks = &ch->blocks;
	u32 first = blocks->granted;
	u32 i;

	coloop_pages_share(pages);
	for (i = 0; i < pages->count; i++)
		blocks_table(ch, first + i)[(first + i) % COLOOP_TABLE_REFS] = pages->page[i].ref;
	blocks->block[blocks->count] = (struct coloop_block){
		.pages = pages,
		.head = pages->page[0].page,
		.at = first * COLOOP_PAGE_SIZE,
	};
	smp_store_release(&blocks->count, blocks->count + 1); /* after what it is */
	WRITE_ONCE(blocks->granted, first + pages->count);
	/* After the references. */
	virt_store_release(&ch->queue->own->frags_granted, blocks->granted);
	coloop_evtchn_notify(&ch->queue->evtchn);
}

void coloop_blocks_grow(struct coloop_channel *ch)
{
	struct coloop_blocks *blocks = &ch->blocks;
	struct coloop_pages *pages = NULL;
	unsigned int order;

	lockdep_assert_held(&coloop_channel_peer(ch)->lock);
	if (!coloop_channel_is_live(ch))
		return;
	for (order = COLOOP_BLOCK_ORDER; order >= COLOOP_BLOCK_ORDER_MIN && !pages; order--)
		pages = blocks_alloc(ch, order);
	/* What cannot be had now is not asked for again in this life of the channel. */
	if (!pages)
		return;
	if (!blocks_table(ch, blocks->granted) ||
	    !blocks_table(ch, blocks->granted + pages->count - 1)) {
		coloop_pages_put(pages);
		return;
	}
	blocks_share(ch, pages);
	WRITE_ONCE(blocks->asked, 0);
}

void coloop_blocks_end(struct coloop_channel *ch)
{
	struct coloop_blocks *blocks = &ch->blocks;
	unsigned int count = blocks->count;
	unsigned int i;

	spin_lock_bh(&blocks->lock);
	blocks->count = 0;
	spin_unlock_bh(&blocks->lock);
	for (i = 0; i < count; i++)
		coloop_pages_put(blocks->block[i].pages);
	for (i = 0; i < COLOOP_TABLES_MAX; i++) {
		coloop_pages_put(blocks->table[i]);
		blocks->table[i] = NULL;
	}
	blocks->granted = 0;
	blocks->asked = 0;
}
