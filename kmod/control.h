/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the peer's control page says once, at attach.  Knows no Xen and no skb, and builds in user
 * space (test/kmod).  The page is read word by word, each once, and only the checked copy is used.
 */

#ifndef _COLOOP_CONTROL_H
#define _COLOOP_CONTROL_H

#include <linux/compiler.h>

#include "limits.h"
#include "uapi/coloop.h"
#include "wire.h"

enum coloop_control_fault {
	COLOOP_CONTROL_OK,
	COLOOP_CONTROL_NO_MAGIC,
	COLOOP_CONTROL_BAD_VERSION,
	COLOOP_CONTROL_BAD_ORDER,
	COLOOP_CONTROL_BAD_EPOCH,
};

/**
 * struct coloop_geometry - the copy
 * @version: of the protocol; in range only when there is no fault or a later one
 * @order: of the peer's ring; in range only when there is no fault or a later one
 * @features: what the peer can receive; any bits
 * @queues: as many as the peer offers, or COLOOP_QUEUES_MAX if it offers more; at least 1
 * @offer: number of the peer's offer; any
 * @further: of the queues after the first, as many as @queues says; any numbers
 * @refs: grants of the peer's ring pages, as many as the order says; any numbers
 */
struct coloop_geometry {
	u32 version;
	u32 order;
	u32 features;
	u32 queues;
	u32 offer;
	struct coloop_further further[COLOOP_QUEUES_MAX - 1];
	u32 refs[COLOOP_REFS_MAX];
};

/* Answers the first thing that is wrong. */
static inline enum coloop_control_fault
coloop_control_read(const struct coloop_control *peer, u32 epoch, struct coloop_geometry *copy)
{
	unsigned int i;

	copy->version = READ_ONCE(peer->version);
	copy->order = READ_ONCE(peer->order);
	if (READ_ONCE(peer->magic) != COLOOP_MAGIC)
		return COLOOP_CONTROL_NO_MAGIC;
	if (copy->version < COLOOP_PROTOCOL_MIN || copy->version > COLOOP_PROTOCOL_MAX)
		return COLOOP_CONTROL_BAD_VERSION;
	if (copy->order < COLOOP_ORDER_MIN || copy->order > COLOOP_ORDER_MAX)
		return COLOOP_CONTROL_BAD_ORDER;
	if (READ_ONCE(peer->epoch) != epoch)
		return COLOOP_CONTROL_BAD_EPOCH;
	copy->features = READ_ONCE(peer->features);
	copy->offer = READ_ONCE(peer->offer);
	copy->queues = READ_ONCE(peer->queues) ?: 1;
	if (copy->queues > COLOOP_QUEUES_MAX)
		copy->queues = COLOOP_QUEUES_MAX;
	for (i = 0; i + 1 < copy->queues; i++) {
		copy->further[i].control_ref = READ_ONCE(peer->further[i].control_ref);
		copy->further[i].port = READ_ONCE(peer->further[i].port);
	}
	for (i = 0; i < 1u << copy->order; i++)
		copy->refs[i] = READ_ONCE(peer->ref[i]);
	return COLOOP_CONTROL_OK;
}

#endif /* _COLOOP_CONTROL_H */
