/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_IP_H
#define KERNEL_IP_H

#include <linux/ip.h>
#include <linux/skbuff.h>

#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

static inline const struct iphdr *ip_hdr(const struct sk_buff *skb)
{
	return (const struct iphdr *)(skb->data + skb->network);
}

static inline bool ip_is_fragment(const struct iphdr *ip)
{
	return ip->frag_off & htons(IP_MF | IP_OFFSET);
}

#endif
