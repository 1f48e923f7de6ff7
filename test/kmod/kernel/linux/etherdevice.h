/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_ETHERDEVICE_H
#define KERNEL_ETHERDEVICE_H

#include <string.h>
#include <linux/if_ether.h>
#include <linux/types.h>

static inline bool is_valid_ether_addr(const u8 *address)
{
	static const u8 zero[ETH_ALEN];

	return !(address[0] & 1) && memcmp(address, zero, ETH_ALEN);
}

static inline void ether_addr_copy(u8 *to, const u8 *from)
{
	memcpy(to, from, ETH_ALEN);
}

static inline bool ether_addr_equal_unaligned(const u8 *one, const u8 *other)
{
	return !memcmp(one, other, ETH_ALEN);
}

#endif
