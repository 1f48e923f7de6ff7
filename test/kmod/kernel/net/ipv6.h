/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_IPV6_H
#define KERNEL_IPV6_H

#include <linux/ipv6.h>
#include <linux/skbuff.h>

enum {
	NEXTHDR_HOP = 0,
	NEXTHDR_ROUTING = 43,
	NEXTHDR_FRAGMENT = 44,
	NEXTHDR_AUTH = 51,
	NEXTHDR_NONE = 59,
	NEXTHDR_DEST = 60,
};

#define IP6_MF 0x0001
#define IP6_OFFSET 0xfff8

struct frag_hdr {
	u8 nexthdr;
	u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

static inline const struct ipv6hdr *ipv6_hdr(const struct sk_buff *skb)
{
	return (const struct ipv6hdr *)(skb->data + skb->network);
}

static inline bool ipv6_ext_hdr(u8 next)
{
	return next == NEXTHDR_HOP || next == NEXTHDR_ROUTING || next == NEXTHDR_FRAGMENT ||
	       next == NEXTHDR_AUTH || next == NEXTHDR_NONE || next == NEXTHDR_DEST;
}

#endif
