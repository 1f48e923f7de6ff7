/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data path, in the order in which a packet passes it:
 *
 *   divert.c   hook at POST_ROUTING: points skb->dev at coloop0 for a live peer
 *   device.c   coloop0: finds the channel by the frame's addresses
 *   send.c     into our ring, or the backlog, or back to the lower device
 *      ~~~     shared memory, event channel
 *   receive.c  out of the peer's ring, checked, as if it arrived on the lower device
 */

#ifndef _COLOOP_QUEUEING_H
#define _COLOOP_QUEUEING_H

#include <linux/interrupt.h>
#include <linux/skbuff.h>

#include "channel.h"
#include "compat.h"
#include "wire.h"

/* What our control page says that we can receive. */
#define COLOOP_FEATURES \
	(COLOOP_FEATURE_LARGE_DATAGRAMS | \
	 (COLOOP_COMPAT_UDP_SEGMENTS ? COLOOP_FEATURE_UDP_SEGMENTS : 0))

/* divert.c */
int coloop_divert_init(void);
/* Afterwards no packet on its way points at coloop0 any more. */
void coloop_divert_uninit(void);

/* device.c */
extern struct net_device *coloop_dev;
int coloop_device_init(void);
void coloop_device_uninit(void);
/* Hands a packet that was on its way through coloop0 to the device it was routed to. */
void coloop_device_return(struct sk_buff *skb, struct net_device *lower);

/* send.c */
enum coloop_verdict {
	COLOOP_TAKEN, /* the packet belongs to the channel or is gone */
	COLOOP_REFUSED, /* the channel is not live or does not take it; it is the caller's */
};

enum coloop_verdict coloop_send(struct coloop_channel *ch, struct sk_buff *skb);
/* Under tx_lock: reads how far the peer is.  False once it has lied; the fault is posted. */
bool coloop_send_look(struct coloop_queue *queue);
/* Does anything wait for the peer to give room, or to get to a lent packet? */
bool coloop_send_is_waiting(const struct coloop_queue *queue);
/*
 * From the poll: moves the backlog into the ring as far as it goes, and takes lent packets back.
 * True: something was done.
 */
bool coloop_send_backlog(struct coloop_queue *queue);
/* The queue's channel is not live any more: what waited goes the ordinary path. */
void coloop_send_return_backlog(struct coloop_queue *queue);

/* receive.c */
int coloop_receive_module_init(void);
void coloop_receive_module_uninit(void);
irqreturn_t coloop_receive_event(int irq, void *data);
/* Events may come from here on; they are not handled yet. */
void coloop_receive_init(struct coloop_queue *queue);
/* Afterwards not even the end of a poll runs; an event does nothing any more. */
void coloop_receive_uninit(struct coloop_queue *queue);
/* Handles events, among them those that came before. */
void coloop_receive_start(struct coloop_queue *queue);
void coloop_receive_stop(struct coloop_queue *queue);

#endif /* _COLOOP_QUEUEING_H */
