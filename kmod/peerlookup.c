// SPDX-License-Identifier: GPL-2.0

#include "peerlookup.h"

#include <linux/etherdevice.h>
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/random.h>
#include <linux/rculist.h>

enum {
	TABLE_BITS = 8,
};

static DEFINE_HASHTABLE(table, TABLE_BITS);
/* Peers choose neither key nor seed, so chains stay short whatever they do. */
static u32 seed __read_mostly;

void coloop_peerlookup_init(void)
{
	seed = get_random_u32();
}

static u32 peerlookup_hash(const u8 *local, const u8 *remote)
{
	u8 key[2 * ETH_ALEN] __aligned(4);

	ether_addr_copy(key, local);
	memcpy(key + ETH_ALEN, remote, ETH_ALEN);
	return jhash2((const u32 *)key, sizeof(key) / sizeof(u32), seed);
}

struct coloop_link *coloop_link_find(const u8 *local, const u8 *remote)
{
	struct coloop_link *link;

	hash_for_each_possible_rcu(table, link, entry, peerlookup_hash(local, remote),
				   lockdep_is_held(&coloop_peers_lock)) {
		if (ether_addr_equal_unaligned(link->remote, remote) &&
		    ether_addr_equal_unaligned(link->local, local))
			return link;
	}
	return NULL;
}

int coloop_link_insert(struct coloop_link *link)
{
	lockdep_assert_held(&coloop_peers_lock);
	if (coloop_link_find(link->local, link->remote))
		return -EEXIST;
	hash_add_rcu(table, &link->entry, peerlookup_hash(link->local, link->remote));
	return 0;
}

void coloop_link_remove(struct coloop_link *link)
{
	lockdep_assert_held(&coloop_peers_lock);
	hash_del_rcu(&link->entry);
}
