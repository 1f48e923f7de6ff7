/* SPDX-License-Identifier: GPL-2.0 */
/* What the headers of a packet say of its two ends.  Builds in user space (test/kmod). */

#ifndef _COLOOP_FLOW_H
#define _COLOOP_FLOW_H

#include <linux/skbuff.h>
#include <linux/types.h>

enum {
	COLOOP_FLOW_FROM,
	COLOOP_FLOW_TO,
	COLOOP_FLOW_ENDS,
};

/**
 * struct coloop_flow - the same for all fragments of a datagram
 * @version: of IP
 * @is_hidden: what the packet carries cannot be told, or is encrypted: any protocol, any port
 * @has_ports: @port is known
 * @proto: the last protocol that can be told
 * @address: an address of IPv4 is the first word, and the others are zero
 */
struct coloop_flow {
	u8 version;
	u8 proto;
	bool is_hidden;
	bool has_ports;
	u16 port[COLOOP_FLOW_ENDS];
	__be32 address[COLOOP_FLOW_ENDS][4];
};

/* Of an IP packet with its network header in one piece; what follows may lie anywhere. */
void coloop_flow_read(struct coloop_flow *flow, const struct sk_buff *skb);
/* Has the protocol ports where the others have them? */
bool coloop_flow_proto_has_ports(u8 proto);

#endif /* _COLOOP_FLOW_H */
