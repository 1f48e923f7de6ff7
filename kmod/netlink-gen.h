/* SPDX-License-Identifier: GPL-2.0 */
/* Generated from kmod/spec/coloop.yaml by `make generate`, do not edit. */

#ifndef _COLOOP_NETLINK_GEN_H
#define _COLOOP_NETLINK_GEN_H

#include <net/genetlink.h>
#include <net/netlink.h>

#include "uapi/coloop.h"

extern const struct nla_policy coloop_link_nl_policy[COLOOP_A_LINK_MAX + 1];
extern const struct nla_policy coloop_count_nl_policy[COLOOP_A_COUNT_MAX + 1];
extern const struct nla_policy coloop_end_nl_policy[COLOOP_A_END_MAX + 1];
extern const struct nla_policy coloop_selector_nl_policy[COLOOP_A_SELECTOR_MAX + 1];
extern const struct nla_policy coloop_selectors_nl_policy[COLOOP_A_SELECTORS_MAX + 1];
extern const struct nla_policy coloop_channel_nl_policy[COLOOP_A_CHANNEL_MAX + 1];

int coloop_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int coloop_nl_channel_offer_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_channel_attach_doit(struct sk_buff *skb, struct genl_info *info);
int coloop_nl_channel_close_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	COLOOP_NLGRP_EVENTS,
};

#define COLOOP_NL_OPS 8
#define COLOOP_NL_MCGRPS 1

extern const struct genl_ops coloop_nl_ops[COLOOP_NL_OPS];
extern const struct genl_multicast_group coloop_nl_mcgrps[COLOOP_NL_MCGRPS];

#endif /* _COLOOP_NETLINK_GEN_H */
