/* SPDX-License-Identifier: GPL-2.0 */
/* The control interface; kmod/spec/coloop.yaml describes it. */

#ifndef _COLOOP_NETLINK_H
#define _COLOOP_NETLINK_H

#include "peer.h"
#include "uapi/coloop.h"

int coloop_nl_init(void);
void coloop_nl_uninit(void);

/* Tells listeners of a peer: COLOOP_CMD_WANT_NTF, COLOOP_CMD_CHANNEL_NTF.  Under its lock. */
void coloop_nl_notify(struct coloop_peer *peer, u8 cmd);
/* Tells listeners of this domain: COLOOP_CMD_SUSPEND_NTF, COLOOP_CMD_RESUME_NTF. */
void coloop_nl_announce(u8 cmd);

#endif /* _COLOOP_NETLINK_H */
