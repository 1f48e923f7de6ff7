// SPDX-License-Identifier: GPL-2.0
/*
 * What the egress hook sets in sockets that send to a peer (blocks.c, socket.c) it takes back when
 * it sees a packet of theirs that goes another way.  Where a peer is gone, and its hook maybe with
 * it, no such packet may come, so all sockets that may have been set are looked through.
 */

#include "release.h"
#include "blocks.h"
#include "compat.h"
#include "limits.h"
#include "queueing.h"

#include <linux/delay.h>
#include <linux/rtnetlink.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp.h>

/*
 * False: a program is in a call on the socket, which may take as long as it likes.  Nobody waits
 * for it under the lock of the table, which programs take under the socket's.
 */
static bool release_blocks(struct sock *sk)
{
	bool is_free;

	if (READ_ONCE(sk->sk_use_task_frag))
		return true;
	if (!spin_trylock(&sk->sk_lock.slock))
		return false;
	is_free = !sock_owned_by_user(sk);
	if (is_free)
		coloop_blocks_withdraw(sk);
	spin_unlock(&sk->sk_lock.slock);
	return is_free;
}

/* How many sockets are to be tried again. */
static unsigned int release_chain(struct hlist_nulls_head *chain, spinlock_t *lock, u32 busy_poll)
{
	const struct hlist_nulls_node *node;
	unsigned int left = 0;
	struct sock *sk;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, chain) {
		if (!sk_fullsock(sk) || !sk_is_tcp(sk))
			continue;
		coloop_socket_forget(sk, busy_poll);
		left += !release_blocks(sk);
	}
	spin_unlock_bh(lock);
	return left;
}

static unsigned int release_tcp(struct inet_hashinfo *tcp, u32 busy_poll)
{
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; i <= tcp->ehash_mask; i++) {
		struct hlist_nulls_head *chain = &tcp->ehash[i].chain;

		if (!hlist_nulls_empty(chain))
			left += release_chain(chain, inet_ehash_lockp(tcp, i), busy_poll);
		cond_resched();
	}
	return left;
}

static void release_udp(struct udp_table *udp, u32 busy_poll)
{
	struct sock *sk;
	unsigned int i;

	for (i = 0; i <= udp->mask; i++) {
		struct udp_hslot *slot = &udp->hash[i];

		spin_lock_bh(&slot->lock);
		sk_for_each(sk, &slot->head)
			coloop_socket_forget(sk, busy_poll);
		spin_unlock_bh(&slot->lock);
		cond_resched();
	}
}

/* Namespaces share their tables unless somebody has said otherwise. */
static unsigned int release_all(u32 busy_poll)
{
	unsigned int left = 0;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		struct inet_hashinfo *tcp = net->ipv4.tcp_death_row.hashinfo;
		struct udp_table *udp = coloop_compat_udp_table(net);

		if (net == &init_net || tcp != init_net.ipv4.tcp_death_row.hashinfo)
			left += release_tcp(tcp, busy_poll);
		if (busy_poll && (net == &init_net || udp != coloop_compat_udp_table(&init_net)))
			release_udp(udp, busy_poll);
	}
	up_read(&net_rwsem);
	return left;
}

void coloop_release_sockets(u32 busy_poll)
{
	unsigned int turn;

	for (turn = 0; release_all(busy_poll) && turn < COLOOP_RELEASE_TURNS; turn++)
		msleep(COLOOP_RELEASE_MS);
}
