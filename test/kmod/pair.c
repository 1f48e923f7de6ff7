// SPDX-License-Identifier: GPL-2.0

#define _GNU_SOURCE
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pair.h"

enum { PAGE = COLOOP_PAGE_SIZE };

/*
 * ThreadSanitizer knows memory by its address, so two mappings of a page are strangers to it.
 * It gets one view for both ends and gives up the read-only one, which the other builds test.
 */
#if defined(__SANITIZE_THREAD__)
#define ONE_VIEW true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_VIEW true
#endif
#endif
#ifndef ONE_VIEW
#define ONE_VIEW false
#endif

static void *must(void *address, const char *what)
{
	if (address != MAP_FAILED && address)
		return address;
	perror(what);
	exit(2);
}

static u8 *reserve(size_t pages)
{
	return must(mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		    "reserve");
}

static void *map_at(u8 *at, u32 length, int protection, int fd, off_t offset)
{
	return must(mmap(at, length, protection, MAP_SHARED | MAP_FIXED, fd, offset), "map");
}

static int memory(u32 length)
{
	int fd = memfd_create("coloop", 0);

	if (fd < 0 || ftruncate(fd, length)) {
		perror("memfd");
		exit(2);
	}
	return fd;
}

/* Pages of the reserved room: a control page at either end, each with a gap before and after. */
enum { ROOM_CONTROL = 4 };

static void open_control(u8 *room, struct coloop_control **own, const struct coloop_control **peer)
{
	int fd = memory(PAGE);

	*own = map_at(room, PAGE, PROT_READ | PROT_WRITE, fd, 0);
	*peer = ONE_VIEW ? *own : map_at(room + 2 * PAGE, PAGE, PROT_READ, fd, 0);
	close(fd);
}

/* The pages of @fd as the consumer sees them: read-only, out of order, with gaps. */
static const u8 **open_apart(u8 *apart, u8 *in_a_row, u32 count, int fd)
{
	const u8 **pages = must(calloc(count, sizeof(*pages)), "pages");

	for (u32 i = 0; i < count; i++) {
		/* A step that has no divisor in common visits every place once. */
		u8 *place = apart + i * 7 % count * 2 * PAGE;

		pages[i] = ONE_VIEW ? in_a_row + i * PAGE :
			map_at(place, PAGE, PROT_READ, fd, i * PAGE);
	}
	return pages;
}

static void open_ring(struct pair *pair, u8 *room, u32 count)
{
	int fd = memory(pair->tx.size);

	pair->tx.data = room;
	map_at(room, pair->tx.size, PROT_READ | PROT_WRITE, fd, 0);
	map_at(room + pair->tx.size, pair->tx.size, PROT_READ | PROT_WRITE, fd, 0);
	pair->rx.pages = open_apart(room + 2 * pair->tx.size + PAGE, room, count, fd);
	close(fd);
}

static void open_foreign(struct pair *pair, u8 *room)
{
	int fd = memory(PAIR_FRAG_BYTES);

	pair->frags = map_at(room, PAIR_FRAG_BYTES, PROT_READ | PROT_WRITE, fd, 0);
	pair->foreign.pages = open_apart(room + PAIR_FRAG_BYTES + PAGE, room, PAIR_FRAG_PAGES, fd);
	pair->rx.foreign = &pair->foreign;
	close(fd);
}

static u32 ring_room(const struct pair *pair)
{
	return 4 * (pair->tx.size / PAGE) + 1;
}

static u32 room_pages(const struct pair *pair)
{
	return 1 + 2 * ROOM_CONTROL + ring_room(pair) + 3 * PAIR_FRAG_PAGES + 2;
}

void pair_open(struct pair *pair, u32 order, u32 start)
{
	pair->tx.size = pair->rx.size = PAGE << order;
	pair->room = reserve(room_pages(pair));
	open_control(pair->room + PAGE, &pair->tx.own, &pair->rx.peer);
	open_control(pair->room + (1 + ROOM_CONTROL) * PAGE, &pair->rx.own, &pair->tx.peer);
	open_ring(pair, pair->room + (1 + 2 * ROOM_CONTROL) * PAGE, 1 << order);
	open_foreign(pair, pair->room + (1 + 2 * ROOM_CONTROL + ring_room(pair)) * PAGE);
	pair_reset(pair, start);
}

void pair_close(struct pair *pair)
{
	munmap(pair->room, room_pages(pair) * PAGE);
	free((void *)pair->rx.pages);
	free((void *)pair->foreign.pages);
}

void pair_reset(struct pair *pair, u32 start)
{
	struct coloop_tx *tx = &pair->tx;
	struct coloop_rx *rx = &pair->rx;

	tx->prod = tx->cons = tx->notified = start;
	rx->prod = rx->cons = rx->published = start;
	tx->own->prod = rx->own->cons = start;
	tx->own->cons_event = rx->own->prod_event = start;
	pair->foreign.size = PAIR_FRAG_BYTES;
}

void pair_put(struct pair *pair, const struct coloop_record *record, const void *body)
{
	memcpy(coloop_tx_begin(&pair->tx, record), body, coloop_record_body(record));
	coloop_tx_commit(&pair->tx, coloop_record_body(record));
}
