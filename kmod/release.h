/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets get back what they had before they sent to a peer. */

#ifndef _COLOOP_RELEASE_H
#define _COLOOP_RELEASE_H

#include <linux/types.h>

/*
 * May sleep.  A peer is gone that had sockets poll for @busy_poll microseconds, 0: for none.
 * Sockets that send to another peer are set again by their next packet.  One that its program is
 * in a call on all the while (COLOOP_RELEASE_TURNS) keeps what it has.
 */
void coloop_release_sockets(u32 busy_poll);

#endif /* _COLOOP_RELEASE_H */
