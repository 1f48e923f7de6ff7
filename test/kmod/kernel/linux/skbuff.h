/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_SKBUFF_H
#define KERNEL_SKBUFF_H

#include <string.h>
#include <linux/types.h>

/* As on x86. */
#define htons(value) __builtin_bswap16(value)
#define ntohs(value) __builtin_bswap16(value)
#define htonl(value) __builtin_bswap32(value)

/* A packet in one piece. */
struct sk_buff {
	__be16 protocol;
	unsigned int len;
	unsigned int network;
	const u8 *data;
};

static inline int skb_network_offset(const struct sk_buff *skb)
{
	return skb->network;
}

/* Copied, as where the packet is in pieces, so that what is read beyond @len is seen. */
static inline void *skb_header_pointer(const struct sk_buff *skb, int offset, int len, void *buffer)
{
	if (offset < 0 || len > (int)skb->len - offset)
		return NULL;
	memcpy(buffer, skb->data + offset, len);
	return buffer;
}

#endif
