// SPDX-License-Identifier: GPL-2.0
/* Cases of kmod/peerlookup.c, and a random run against a list; all keys share four chains. */

#include <errno.h>

#include "expect.h"
#include "random.h"

/* mutants.sh puts a broken copy in its place. */
#ifndef PEERLOOKUP_C
#define PEERLOOKUP_C "../../kmod/peerlookup.c"
#endif
#include PEERLOOKUP_C

/* As a writer holds it; readers do not ask. */
struct mutex coloop_peers_lock = { .is_held = true };

/* Two whose numbers are the same modulo the table, one beside them. */
static struct net_device devices[] = {{ 2 }, { 1026 }, { 3 }};

static struct coloop_link make_link(struct net_device *dev, u8 local, u8 remote)
{
	return (struct coloop_link){
		.dev = dev,
		.local = { 0, 0x16, 0x3e, 0, 0, local },
		.remote = { 0, 0x16, 0x3e, 0, 0, remote },
	};
}

static struct coloop_link *find(const struct coloop_link *link)
{
	return coloop_link_find(link->local, link->remote);
}

static void test_pair(void)
{
	struct coloop_link link = make_link(&devices[0], 1, 2);
	struct coloop_link turned = make_link(&devices[0], 2, 1);
	struct coloop_link same = make_link(&devices[2], 1, 2);

	expect(!find(&link));
	expect(!coloop_link_insert(&link));
	expect(find(&link) == &link);
	expect(!find(&turned));
	/* A pair of addresses has one link, whichever device another would be on. */
	expect(coloop_link_insert(&same) == -EEXIST);
	expect(find(&link) == &link);
	expect(!coloop_link_insert(&turned));
	expect(find(&turned) == &turned && find(&link) == &link);
	coloop_link_remove(&link);
	expect(!find(&link) && find(&turned) == &turned);
	coloop_link_remove(&turned);
	expect(!find(&turned));
}

/* Each byte of both addresses counts. */
static void test_bytes(void)
{
	struct coloop_link link = make_link(&devices[0], 1, 2);

	expect(!coloop_link_insert(&link));
	for (u32 i = 0; i < 2 * ETH_ALEN; i++) {
		struct coloop_link other = link;
		u8 *byte = i < ETH_ALEN ? &other.local[i] : &other.remote[i - ETH_ALEN];

		for (u32 bit = 0; bit < 8; bit++) {
			*byte ^= 1 << bit;
			expect(!find(&other));
			*byte ^= 1 << bit;
		}
		expect(find(&other) == &link);
	}
	coloop_link_remove(&link);
}

enum { LINKS = 256, SIDES = 16 };

/* By the last byte of both addresses. */
static struct coloop_link *model[SIDES][SIDES];

static void step(struct coloop_link *link, u64 *seed)
{
	u32 local = random_below(seed, SIDES), remote = random_below(seed, SIDES);
	struct coloop_link **slot = &model[local][remote];

	if (*slot && random_below(seed, 2)) {
		coloop_link_remove(*slot);
		(*slot)->dev = NULL;
		*slot = NULL;
	} else if (!link->dev) {
		*link = make_link(&devices[random_below(seed, 3)], local, remote);
		if (coloop_link_insert(link)) {
			expect(*slot);
			link->dev = NULL;
		} else {
			expect(!*slot);
			*slot = link;
		}
	}
	for (u32 i = 0; i < LINKS; i++) {
		struct coloop_link key = make_link(NULL, i / SIDES, i % SIDES);

		expect(find(&key) == model[i / SIDES][i % SIDES]);
	}
}

static void test_random(void)
{
	static struct coloop_link links[LINKS];
	u64 seed = 7;

	for (u32 i = 0; i < 4000; i++)
		step(&links[random_below(&seed, LINKS)], &seed);
	for (u32 i = 0; i < LINKS; i++) {
		if (model[i / SIDES][i % SIDES])
			coloop_link_remove(model[i / SIDES][i % SIDES]);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"a pair of addresses has one link", test_pair},
		{"every bit of both addresses counts", test_bytes},
		{"random run against a list", test_random},
	};

	coloop_peerlookup_init();
	return run_tests(tests, sizeof(tests) / sizeof(*tests));
}
