/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_GENETLINK_H
#define KERNEL_GENETLINK_H

#include <linux/genetlink.h>
#include <net/netlink.h>

struct sk_buff;
struct netlink_callback;

struct genl_info {
	const struct nlmsghdr *nlhdr;
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
};

struct genl_ops {
	int cmd;
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	unsigned int flags;
};

struct genl_multicast_group {
	const char *name;
};

#define GENL_UNS_ADMIN_PERM 0x10

#endif
