/* SPDX-License-Identifier: GPL-2.0 */
/* Lower devices: may packets for one come by a channel? */

#ifndef _COLOOP_LOWER_H
#define _COLOOP_LOWER_H

#include <linux/netdevice.h>
#include <linux/netlink.h>

#include "uapi/coloop.h"

struct coloop_peer;

/* What keeps packets to and from @lower on the ordinary path; from any context. */
enum coloop_ordinary coloop_link_blocked(const struct net_device *lower);
/* Under the peer's lock.  -EBUSY and a sentence if that is so of any lower device of the peer. */
int coloop_lower_check(const struct coloop_peer *peer, struct netlink_ext_ack *extack);

#endif /* _COLOOP_LOWER_H */
