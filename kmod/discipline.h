/* SPDX-License-Identifier: GPL-2.0 */
/* What the queueing disciplines of a device would do to a packet that does not pass them. */

#ifndef _COLOOP_DISCIPLINE_H
#define _COLOOP_DISCIPLINE_H

#include <linux/netdevice.h>

enum coloop_discipline {
	COLOOP_DISCIPLINE_PLAIN, /* orders packets, or drops beyond a length: promises nothing */
	COLOOP_DISCIPLINE_PACES, /* plain, but sends packets of some sockets at a set time */
	COLOOP_DISCIPLINE_RULES, /* a rate, an order, a filter or a change that somebody set */
};

/* Under rcu_read_lock().  The strictest of all transmit queues of @dev. */
enum coloop_discipline coloop_discipline_of(const struct net_device *dev);

#endif /* _COLOOP_DISCIPLINE_H */
