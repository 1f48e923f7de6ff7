/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_RCULIST_H
#define KERNEL_RCULIST_H

#include <linux/types.h>

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rcu_head {
	void *next;
};

#endif
