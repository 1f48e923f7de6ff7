// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that send to a peer poll busily for what it answers, as the peer was set to (busy-poll),
 * so that poll.c can wait in Xen for them.
 */

#include "channel.h"
#include "queueing.h"

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/busy_poll.h>
#include <net/sock.h>

#ifdef CONFIG_NET_RX_BUSY_POLL
/* What a program set itself (SO_BUSY_POLL) stays, and so does what sockets begin with. */
static void socket_set_time(struct sock *sk, u32 ours, u32 us)
{
	u32 now = READ_ONCE(sk->sk_ll_usec);

	if (now != us && (!now || now == ours))
		WRITE_ONCE(sk->sk_ll_usec, us);
}

static bool socket_polls(const struct sock *sk, const struct coloop_channel *ch)
{
	unsigned int id = READ_ONCE(sk->sk_napi_id);
	u32 queues = READ_ONCE(ch->queues);
	u32 i;

	for (i = 0; i < queues; i++) {
		if (id == ch->queue[i].napi.napi_id)
			return true;
	}
	return !id;
}

/*
 * All others take the queue of each packet that they receive.  A UDP socket without a connection
 * keeps its first one for good, be it netfront's or of a channel that is no more.
 */
static bool socket_keeps_queue(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_UDP && sk->sk_state != TCP_ESTABLISHED;
}

void coloop_socket_sends(const struct coloop_channel *ch, const struct sk_buff *skb, bool diverted)
{
	u32 ours = READ_ONCE(ch->busy_poll_given);
	struct sock *sk = skb->sk;

	if (!sk || !sk_fullsock(sk))
		return;
	if (ours)
		socket_set_time(sk, ours, diverted ? READ_ONCE(ch->busy_poll_us) : 0);
	if (unlikely(READ_ONCE(sk->sk_ll_usec)) && diverted && socket_keeps_queue(sk) &&
	    !socket_polls(sk, ch))
		WRITE_ONCE(sk->sk_napi_id, 0);
}

void coloop_socket_forget(struct sock *sk, u32 ours)
{
	if (ours)
		socket_set_time(sk, ours, 0);
}
#else
void coloop_socket_forget(struct sock *sk, u32 ours)
{
}

void coloop_socket_sends(const struct coloop_channel *ch, const struct sk_buff *skb, bool diverted)
{
}
#endif
