// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/selectors.c and kmod/flow.c against any request and any packet: each is read within its size,
 * and what is taken is taken by all fragments alike.
 *
 * Input: the length of the request's nest (u16), the nest, flags (u8), the packet.
 */

#include <stdlib.h>
#include <string.h>

#include "netlink-gen.h"
#include "selectors.h"

#include <linux/err.h>
#include <linux/if_ether.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

static void must(bool held)
{
	if (!held)
		abort();
}

static bool takes(const struct coloop_selectors *selectors, const u8 *packet, size_t size, bool is6)
{
	struct sk_buff skb = {
		.protocol = is6 ? htons(ETH_P_IPV6) : htons(ETH_P_IP),
		.len = size,
		.data = packet,
	};
	struct coloop_flow flow;

	coloop_flow_read(&flow, &skb);
	must(!flow.has_ports || coloop_flow_proto_has_ports(flow.proto));
	must(!flow.is_hidden || !flow.has_ports);
	return coloop_selectors_take(selectors, &flow);
}

/* As the first, a middle and the last fragment of a datagram, of which any bytes may follow. */
static void check_fragments(const struct coloop_selectors *selectors, u8 *packet, size_t size)
{
	struct iphdr *ip = (struct iphdr *)packet;
	bool taken[3];

	for (unsigned int i = 0; i < 3; i++) {
		static const u16 parts[] = { IP_MF, IP_MF | 9, 9 };

		ip->frag_off = htons(parts[i]);
		taken[i] = takes(selectors, packet, size, false);
		memset(packet + sizeof(*ip), i, size - sizeof(*ip));
	}
	must(taken[0] == taken[1] && taken[1] == taken[2]);
}

static void check_packet(const struct coloop_selectors *selectors, const u8 *data, size_t size)
{
	bool is6 = size && data[0] & 1;
	u8 *packet;

	if (size < 1 + (is6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))
		return;
	packet = malloc(size - 1);
	must(packet);
	memcpy(packet, data + 1, size - 1);
	takes(selectors, packet, size - 1, is6);
	if (!is6)
		check_fragments(selectors, packet, size - 1);
	free(packet);
}

/* As a request's, which the kernel has checked before it calls us. */
static struct coloop_selectors *make(const u8 *data, size_t size)
{
	static const struct nla_policy policy[] = {
		[1] = NLA_POLICY_NESTED(coloop_selectors_nl_policy),
	};
	struct nlattr *nest = malloc(NLA_HDRLEN + size);
	struct netlink_ext_ack extack = {};
	struct coloop_selectors *selectors = NULL;
	const struct nlattr *tb[2];

	must(nest);
	*nest = (struct nlattr){ .nla_len = NLA_HDRLEN + size, .nla_type = 1 | NLA_F_NESTED };
	memcpy(nest + 1, data, size);
	if (!nla_parse(tb, 1, nest, NLA_HDRLEN + size, policy, &extack)) {
		extack = (struct netlink_ext_ack){};
		selectors = coloop_selectors_make(nest, &extack);
		must(!IS_ERR(selectors) == !extack.bad_attr);
	}
	free(nest);
	return IS_ERR(selectors) ? NULL : selectors;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct coloop_selectors *selectors;
	size_t len;

	if (size < 2)
		return -1;
	len = data[0] | data[1] << 8;
	if (len > size - 2)
		return -1;
	selectors = make(data + 2, len);
	if (!selectors)
		return 0;
	must(selectors->count && selectors->count <= COLOOP_SELECTORS_MAX);
	check_packet(selectors, data + 2 + len, size - 2 - len);
	kfree(selectors);
	return 0;
}
