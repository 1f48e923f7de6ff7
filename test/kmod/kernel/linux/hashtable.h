/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_HASHTABLE_H
#define KERNEL_HASHTABLE_H

#include <linux/rculist.h>

#define __read_mostly
#define __aligned(bytes) __attribute__((aligned(bytes)))

#define DEFINE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]

#define hash_chain(table, key) (&(table)[(key) % (sizeof(table) / sizeof(*(table)))])

static inline void hash_add(struct hlist_head *chain, struct hlist_node *node)
{
	node->next = chain->first;
	node->pprev = &chain->first;
	if (node->next)
		node->next->pprev = &node->next;
	chain->first = node;
}

#define hash_add_rcu(table, node, key) hash_add(hash_chain(table, key), node)

static inline void hash_del_rcu(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
}

#define hash_entry(node, type, member) \
	((node) ? (type *)((char *)(node) - offsetof(type, member)) : NULL)

/* Readers need no lock; under which one a writer looks is the condition. */
#define hash_for_each_possible_rcu(table, object, member, key, ...)				\
	for (object = hash_entry(hash_chain(table, key)->first, __typeof__(*object), member);	\
	     object;										\
	     object = hash_entry(object->member.next, __typeof__(*object), member))

#endif
