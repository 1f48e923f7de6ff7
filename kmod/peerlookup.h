/* SPDX-License-Identifier: GPL-2.0 */
/* From the addresses of a frame to the link it belongs to, under RCU. */

#ifndef _COLOOP_PEERLOOKUP_H
#define _COLOOP_PEERLOOKUP_H

#include "peer.h"

void coloop_peerlookup_init(void);

/* Under coloop_peers_lock.  -EEXIST: the pair of addresses belongs to a link already. */
int coloop_link_insert(struct coloop_link *link);
void coloop_link_remove(struct coloop_link *link);

/* Under rcu_read_lock.  By our address and the peer's. */
struct coloop_link *coloop_link_find(const u8 *local, const u8 *remote);

/* One test: can packets that leave by this device have a peer at all? */
bool coloop_device_has_links(const struct net_device *dev);

#endif /* _COLOOP_PEERLOOKUP_H */
