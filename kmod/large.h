/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that are larger than IP can say (BIG TCP), in which a socket that writes into frag pages
 * sends to a peer that takes them.
 */

#ifndef _COLOOP_LARGE_H
#define _COLOOP_LARGE_H

#include <linux/types.h>

struct coloop_channel;
struct sk_buff;
struct sock;

/*
 * From the egress hook, under the lock of @sk, whose packet @skb goes to @ch: its next ones may be
 * larger.  With another route the kernel forgets that.
 */
void coloop_large_allow(struct coloop_channel *ch, struct sock *sk, const struct sk_buff *skb);
/* The same, and they may not any more. */
void coloop_large_forbid(struct sock *sk);
/* With @ch over, under the peer's lock: no socket's packets are larger than its device takes. */
void coloop_large_end(struct coloop_channel *ch);

/*
 * How the header of a packet says that it is larger than it can say: the bit of enum
 * coloop_features of those who take it so.  0: it is none of TCP's, or its length is said
 * otherwise.
 */
u32 coloop_large_form(const struct sk_buff *skb);
/* Does this packet, above COLOOP_FRAME_MAX, fit into a record, and that into the ring? */
bool coloop_large_crosses(const struct coloop_channel *ch, const struct sk_buff *skb);
/*
 * Cuts such a packet into some that IP can say.  Returns it, if it is to be cut otherwise, or a
 * list.
 * NULL: no memory, and it is gone.
 */
struct sk_buff *coloop_large_cut(struct sk_buff *skb);

#endif /* _COLOOP_LARGE_H */
