/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data path, in the order in which a packet passes it:
 *
 *   datagram.c datagrams above the MTU stay whole, for a peer that takes them so
 *   divert.c   hook at the egress of a lower device: for a peer, and free to skip the queue?
 *   socket.c   its socket, which may poll for the answer
 *   blocks.c   and may write into frag pages
 *   large.c    and may send larger packets then
 *   send.c     into our ring, or the backlog
 *      ~~~     shared memory, event channel
 *   poll.c     events, NAPI, and a thread where a poll takes too long
 *   receive.c  out of the peer's ring, checked, as if it arrived on the lower device
 *   cut.c      a datagram above the MTU into IP fragments, where rules or captures would see those
 */

#ifndef _COLOOP_QUEUEING_H
#define _COLOOP_QUEUEING_H

#include <linux/interrupt.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "channel.h"
#include "compat.h"
#include "wire.h"

/* Frames above COLOOP_FRAME_MAX as our kernel makes them, and takes them. */
#define COLOOP_FEATURES_LARGE \
	((COLOOP_COMPAT_LARGE_IPV4 ? COLOOP_FEATURE_LARGE_IPV4 : 0) | \
	 (COLOOP_COMPAT_LARGE_IPV6_JUMBO ? COLOOP_FEATURE_LARGE_IPV6_JUMBO : \
					   COLOOP_FEATURE_LARGE_IPV6))

/* What our control page says that we can receive, and which words it has. */
#define COLOOP_FEATURES \
	(COLOOP_FEATURE_LARGE_DATAGRAMS | COLOOP_FEATURE_OFFER_NUMBER | COLOOP_FEATURE_MARKERS | \
	 COLOOP_FEATURE_FRAG_PAGES | COLOOP_FEATURES_LARGE | \
	 (COLOOP_COMPAT_UDP_SEGMENTS ? COLOOP_FEATURE_UDP_SEGMENTS : 0))

/* datagram.c */
int coloop_datagram_init(void);
void coloop_datagram_uninit(void);

/* divert.c */
/* The hook at the egress of a lower device; @priv is its struct coloop_egress. */
unsigned int coloop_divert_frame(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);
/* Under rcu_read_lock(): hands a packet back to skb->dev, the lower device that it came from. */
void coloop_divert_return(struct sk_buff *skb);

/* socket.c */
/*
 * From the egress hook: the socket of @skb, if any, sends to the channel's peer.  What is not
 * @diverted is answered by the ordinary path, whose driver nobody should poll.
 */
void coloop_socket_sends(const struct coloop_channel *ch, const struct sk_buff *skb, bool diverted);
/* The socket polls no longer, if it did so for as long as @ours, in microseconds, says. */
void coloop_socket_forget(struct sock *sk, u32 ours);

/* device.c */
extern struct net_device *coloop_dev;
int coloop_device_init(void);
void coloop_device_uninit(void);

/* address.c: from before coloop0 is there until after it is gone */
int coloop_address_init(void);
void coloop_address_uninit(void);

/* send.c */
enum coloop_verdict {
	COLOOP_TAKEN, /* the packet belongs to the channel */
	COLOOP_REFUSED, /* the channel takes none; it is the caller's */
	COLOOP_FULL, /* there is no room, which is counted; it is the caller's, to be dropped */
};

/* skb->dev is the lower device that the packet was to leave by. */
enum coloop_verdict coloop_send(struct coloop_channel *ch, struct sk_buff *skb);
/* From now on packets wait in the backlog. */
void coloop_send_hold(struct coloop_queue *queue);
/* What was held goes into the ring, and what comes from now on; not if the channel is not live. */
void coloop_send_open(struct coloop_queue *queue);
/* Has the peer taken all that was ever put into the ring?  Its word is not checked. */
bool coloop_send_is_taken(const struct coloop_queue *queue);
/* @dev goes away: what waits to be sent through it is dropped. */
void coloop_send_forget(struct coloop_queue *queue, const struct net_device *dev);
/* Under tx_lock: reads how far the peer is.  False if that is out of range; the fault is posted. */
bool coloop_send_look(struct coloop_queue *queue);
/*
 * From the poll: moves the backlog into the ring as far as it goes, and lets go of charged packets.
 * True: something was done.
 */
bool coloop_send_backlog(struct coloop_queue *queue);
/* What waited goes the ordinary path, in order, and so does what comes after it. */
void coloop_send_close(struct coloop_queue *queue);

/* receive.c */
/* From the poll: makes a packet of the next record, which coloop_rx_next() has checked. */
void coloop_receive(struct coloop_queue *queue, const struct coloop_record *record);

/* cut.c */
/* Does a tc or nft ingress chain or an XDP program look at packets of @dev? */
bool coloop_cut_has_ingress(const struct net_device *dev);
/* Does a packet socket see all that is sent by @lower, as tcpdump's does? */
bool coloop_cut_is_captured(struct net_device *lower);
/* Would somebody see that @skb, SKB_GSO_UDP or SKB_GSO_UDP_L4, arrives in one piece? */
bool coloop_cut_is_needed(const struct sk_buff *skb);
/*
 * The fragments of an SKB_GSO_UDP packet, or the datagrams of an SKB_GSO_UDP_L4 one, as a list,
 * data at their Ethernet headers' end.  NULL: no memory, or too many; @skb is the caller's still.
 */
struct sk_buff *coloop_cut(struct sk_buff *skb);

/* poll.c */
int coloop_poll_module_init(void);
void coloop_poll_module_uninit(void);
irqreturn_t coloop_poll_event(int irq, void *data);
/* Events may come from here on; they are not handled yet. */
void coloop_poll_init(struct coloop_queue *queue);
/* Afterwards not even the end of a poll runs; an event does nothing any more. */
void coloop_poll_uninit(struct coloop_queue *queue);
/* Handles events, among them those that came before. */
void coloop_poll_start(struct coloop_queue *queue);
void coloop_poll_stop(struct coloop_queue *queue);

#endif /* _COLOOP_QUEUEING_H */
