// SPDX-License-Identifier: GPL-2.0
/*
 * From any sixteen bytes in a ring to what a packet is told of checksum and segments:
 * coloop_record_ok() and kmod/offload.h.  What passes must be what the kernel's reader of
 * virtio headers may be given, by the words of virtio 1.2, 5.1.6.
 *
 * Input: the bytes that the ring holds from the record on (u32), then the record.
 */

#include <string.h>

#include "offload.h"
/* mutants.sh puts a broken copy in its place. */
#ifndef RING_C
#define RING_C "../../kmod/ring.c"
#endif
#include RING_C

#include <stdlib.h>

static void must(bool held)
{
	if (!held)
		abort();
}

static void check_head(const struct coloop_record *r, u32 head)
{
	if (r->parts) {
		must(head == r->hdr_len && head >= ETH_HLEN && head <= 256 && head < r->len);
		must(r->parts <= 16);
		return;
	}
	must(head >= ETH_HLEN && head <= r->len && head <= 1536);
	/* A short frame is linear; of a long one no more than its headers are, if it says so. */
	must(r->len > 1536 || head == r->len);
	must(r->len <= 1536 || head <= 256);
	must(r->len <= 1536 || r->hdr_len < 14 || r->hdr_len > 256 || head == r->hdr_len);
}

static void check_checksum(const struct coloop_record *r, const struct virtio_net_hdr *hdr)
{
	if (!(hdr->flags & 1)) {
		must(!hdr->csum_start && !hdr->csum_offset);
		return;
	}
	/* The two bytes of the sum lie in the frame, behind the Ethernet header. */
	must(hdr->csum_start >= ETH_HLEN);
	must((u64)hdr->csum_start + hdr->csum_offset + 2 <= r->len);
}

/* What IP cannot say the length of is TCP's, and not cut into more than a packet can count. */
static void check_length(const struct coloop_record *r, const struct virtio_net_hdr *hdr)
{
	u8 type = hdr->gso_type & 0x7f;

	if (r->len <= 65600)
		return;
	must((type == 1 || type == 4) && hdr->flags & 1 && r->len / hdr->gso_size <= 512);
}

static void check_segments(const struct virtio_net_hdr *hdr)
{
	u8 type = hdr->gso_type & 0x7f;

	must(type == 0 || type == 1 || type == 3 || type == 4 || type == 5);
	must(!(hdr->gso_type & 0x80) || type == 1 || type == 4);
	must((hdr->gso_type == 0) == (hdr->gso_size == 0));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct virtio_net_hdr hdr;
	struct coloop_record r;
	u32 used;

	if (size < sizeof(used) + sizeof(r))
		return -1;
	memcpy(&used, data, sizeof(used));
	memcpy(&r, data + sizeof(used), sizeof(r));
	if (!coloop_record_ok(&r, used))
		return 0;
	must(r.len >= 14 && r.len <= 262144 && r.hdr_len <= r.len);
	must((r.parts ? 8ull * r.parts + r.hdr_len : r.len) + 16 <= used);
	hdr = coloop_record_offloads(&r);
	must(hdr.flags == (r.flags & 1) && hdr.hdr_len == r.hdr_len);
	must(hdr.gso_type == r.gso_type && hdr.gso_size == r.gso_size);
	must(hdr.csum_start == r.csum_start && hdr.csum_offset == r.csum_offset);
	check_head(&r, coloop_record_head(&r));
	check_checksum(&r, &hdr);
	check_segments(&hdr);
	check_length(&r, &hdr);
	return 0;
}
