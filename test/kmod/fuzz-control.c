// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/control.h against a hostile control page.  The input is the page as it is when it is
 * mapped, and what the peer changes between any two of our reads.
 */

static void peer_acts(const void *address);
#define harness_was_read(address) peer_acts(address)

#include "control.h"

#include <stdlib.h>
#include <string.h>

enum {
	EPOCH = 7,
	FURTHER = 2304 / 4, /* the first word that tells of further queues */
};

static struct coloop_control page __attribute__((aligned(COLOOP_PAGE_SIZE)));
/* What each word of the page said when it was read, and how often that was. */
static u32 said[COLOOP_PAGE_SIZE / 4];
static u8 reads[COLOOP_PAGE_SIZE / 4];
static u8 input[4096];
static size_t left;

static void must(bool held)
{
	if (!held)
		abort();
}

/* Between two reads: any word of those that we read becomes anything near what it should be. */
static void peer_acts(const void *address)
{
	u32 at = (const u32 *)address - (const u32 *)&page;
	u8 what;

	/* The value has been taken, and nothing has changed it since. */
	must(at < sizeof(said) / sizeof(*said));
	said[at] = ((const u32 *)&page)[at];
	must(!reads[at]++);
	if (!left)
		return;
	what = input[--left];
	if (what < 0x80)
		((u32 *)&page)[what % 7] ^= what;
	else
		((u32 *)&page)[what < 0xf0 ? 64 + (what & 0x7f) : FURTHER + what % 14] ^= what;
}

static u32 word(size_t offset)
{
	return said[offset / 4];
}

/* The checks of the picture in wire.h, in other words. */
static void check(enum coloop_control_fault fault, const struct coloop_geometry *copy)
{
	bool magic = word(0) == 0x434c5031, version = word(4) == 1;
	bool order = word(8) >= 5 && word(8) <= 9, epoch = word(16) == EPOCH;

	switch (fault) {
	case COLOOP_CONTROL_NO_MAGIC:
		must(!magic);
		return;
	case COLOOP_CONTROL_BAD_VERSION:
		must(magic && !version);
		return;
	case COLOOP_CONTROL_BAD_ORDER:
		must(magic && version && !order);
		return;
	case COLOOP_CONTROL_BAD_EPOCH:
		must(magic && version && order && !epoch);
		return;
	case COLOOP_CONTROL_OK:
		break;
	}
	must(magic && version && order && epoch);
	must(copy->version == word(4) && copy->order == word(8) && copy->features == word(12));
	must(copy->offer == word(24));
	must(copy->queues == (word(20) > 8 ? 8 : word(20) < 1 ? 1 : word(20)));
	for (u32 i = 0; i < 7; i++) {
		bool told = i + 1 < copy->queues;

		must(reads[FURTHER + 2 * i] == told && reads[FURTHER + 2 * i + 1] == told);
		must(!told || copy->further[i].control_ref == word(2304 + 8 * i));
		must(!told || copy->further[i].port == word(2308 + 8 * i));
	}
	for (u32 i = 0; i < 512; i++) {
		must(reads[64 + i] == (i < 1u << copy->order));
		must(i >= 1u << copy->order || copy->refs[i] == word(256 + 4 * i));
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* Of exactly its size, so that a write beyond it is seen. */
	struct coloop_geometry *copy = malloc(sizeof(*copy));
	size_t head = size < 28 ? size : 28;

	must(copy);
	memset(reads, 0, sizeof(reads));
	page = (struct coloop_control){
		.magic = COLOOP_MAGIC,
		.version = COLOOP_PROTOCOL_MAX,
		.order = COLOOP_ORDER_MIN,
		.epoch = EPOCH,
	};
	/* Exclusive or: an input of zeros is an honest peer. */
	for (size_t i = 0; i < head; i++)
		((u8 *)&page)[i] ^= data[i];
	left = size - head < sizeof(input) ? size - head : sizeof(input);
	memcpy(input, data + head, left);
	check(coloop_control_read(&page, EPOCH, copy), copy);
	free(copy);
	return 0;
}
