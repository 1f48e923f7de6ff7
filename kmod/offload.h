/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a record that coloop_record_ok() has passed to what its packet needs.  Knows no skb, and
 * builds in user space (test/kmod).
 */

#ifndef _COLOOP_OFFLOAD_H
#define _COLOOP_OFFLOAD_H

#include <linux/if_ether.h>
#include <linux/minmax.h>
#include <linux/virtio_net.h>

#include "limits.h"
#include "wire.h"

/*
 * Bytes of the frame for the linear part of its skb: all, or the headers that it claims to have.
 * With parts that is what follows in the ring.
 */
static inline u32 coloop_record_head(const struct coloop_record *record)
{
	if (record->parts)
		return record->hdr_len;
	if (record->len <= COLOOP_LINEAR_BYTES)
		return record->len;
	return clamp_t(u32, record->hdr_len, ETH_HLEN, COLOOP_HEAD_BYTES);
}

/* The offload fields are virtio's, so virtio's reader checks them against the packet. */
static inline struct virtio_net_hdr coloop_record_offloads(const struct coloop_record *record)
{
	return (struct virtio_net_hdr){
		.flags = record->flags & COLOOP_NEEDS_CSUM ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
		.gso_type = record->gso_type,
		.hdr_len = __cpu_to_virtio16(true, record->hdr_len),
		.gso_size = __cpu_to_virtio16(true, record->gso_size),
		.csum_start = __cpu_to_virtio16(true, record->csum_start),
		.csum_offset = __cpu_to_virtio16(true, record->csum_offset),
	};
}

#endif /* _COLOOP_OFFLOAD_H */
