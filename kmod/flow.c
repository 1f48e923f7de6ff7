// SPDX-License-Identifier: GPL-2.0

#include "flow.h"

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>

/* A longer chain of extension headers hides what the packet carries. */
enum {
	FLOW_HEADERS_MAX = 8,
};

bool coloop_flow_proto_has_ports(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE || proto == IPPROTO_DCCP;
}

static void flow_set_proto(struct coloop_flow *flow, u8 proto)
{
	flow->proto = proto;
	flow->is_hidden = proto == IPPROTO_ESP || proto == IPPROTO_AH;
}

static void flow_read_ports(struct coloop_flow *flow, const struct sk_buff *skb,
			    unsigned int offset)
{
	__be16 copy[COLOOP_FLOW_ENDS];
	const __be16 *ports;

	if (!coloop_flow_proto_has_ports(flow->proto))
		return;
	ports = skb_header_pointer(skb, offset, sizeof(copy), copy);
	if (!ports)
		return;
	flow->port[COLOOP_FLOW_FROM] = ntohs(ports[COLOOP_FLOW_FROM]);
	flow->port[COLOOP_FLOW_TO] = ntohs(ports[COLOOP_FLOW_TO]);
	flow->has_ports = true;
}

/* The first fragment has the ports, and goes without them, as the others have to. */
static void flow_read4(struct coloop_flow *flow, const struct sk_buff *skb)
{
	const struct iphdr *ip = ip_hdr(skb);

	flow->version = 4;
	flow->address[COLOOP_FLOW_FROM][0] = ip->saddr;
	flow->address[COLOOP_FLOW_TO][0] = ip->daddr;
	flow_set_proto(flow, ip->protocol);
	if (!ip_is_fragment(ip) && ip->ihl >= 5)
		flow_read_ports(flow, skb, skb_network_offset(skb) + ip->ihl * 4);
}

/*
 * In a fragment nothing is known but what its own header says comes next: where that is another
 * extension header, only the first fragment has what follows.
 */
static void flow_read_fragment(struct coloop_flow *flow, u8 next)
{
	if (ipv6_ext_hdr(next))
		flow->is_hidden = true;
	else
		flow_set_proto(flow, next);
}

static void flow_read_upper(struct coloop_flow *flow, const struct sk_buff *skb,
			    unsigned int offset, u8 next)
{
	flow_set_proto(flow, next);
	flow_read_ports(flow, skb, offset);
}

static bool flow_is_fragment(const struct frag_hdr *header)
{
	return header->frag_off & htons(IP6_OFFSET | IP6_MF);
}

static void flow_walk6(struct coloop_flow *flow, const struct sk_buff *skb, u8 next)
{
	unsigned int offset = skb_network_offset(skb) + sizeof(struct ipv6hdr), i;

	for (i = 0; i < FLOW_HEADERS_MAX; i++) {
		const struct frag_hdr *header;
		struct frag_hdr copy;

		if (next != NEXTHDR_HOP && next != NEXTHDR_ROUTING && next != NEXTHDR_DEST &&
		    next != NEXTHDR_FRAGMENT) {
			flow_read_upper(flow, skb, offset, next);
			return;
		}
		/* Any of them has 8 bytes at least. */
		header = skb_header_pointer(skb, offset, sizeof(copy), &copy);
		if (!header)
			break;
		if (next == NEXTHDR_FRAGMENT && flow_is_fragment(header)) {
			flow_read_fragment(flow, header->nexthdr);
			return;
		}
		offset += next == NEXTHDR_FRAGMENT ? 8 : (header->reserved + 1) * 8;
		next = header->nexthdr;
	}
	flow->is_hidden = true;
}

static void flow_read6(struct coloop_flow *flow, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	flow->version = 6;
	memcpy(flow->address[COLOOP_FLOW_FROM], &ip->saddr, sizeof(ip->saddr));
	memcpy(flow->address[COLOOP_FLOW_TO], &ip->daddr, sizeof(ip->daddr));
	flow_walk6(flow, skb, ip->nexthdr);
}

void coloop_flow_read(struct coloop_flow *flow, const struct sk_buff *skb)
{
	*flow = (struct coloop_flow){};
	if (skb->protocol == htons(ETH_P_IP))
		flow_read4(flow, skb);
	else
		flow_read6(flow, skb);
}
