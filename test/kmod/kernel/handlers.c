// SPDX-License-Identifier: GPL-2.0
/* Handlers for programs that need the tables of netlink-gen.c and make no whole request. */

#include "netlink-gen.h"

#define HANDLER(name)									\
	int coloop_nl_##name##_doit(struct sk_buff *skb, struct genl_info *info)	\
	{										\
		(void)skb;								\
		(void)info;								\
		return -1;								\
	}

HANDLER(info_get)
HANDLER(peer_new)
HANDLER(peer_set)
HANDLER(peer_del)
HANDLER(peer_get)
HANDLER(channel_offer)
HANDLER(channel_attach)
HANDLER(channel_close)

int coloop_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	(void)skb;
	(void)cb;
	return -1;
}
