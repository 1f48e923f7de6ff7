// SPDX-License-Identifier: GPL-2.0

#include "discipline.h"
#include "uapi/coloop.h"

#include <linux/rtnetlink.h>
#include <net/netlink.h>
#include <net/sch_generic.h>

/* Room for what fq and cake dump of their options: 30 attributes, most of them of 8 bytes. */
enum { DISCIPLINE_DUMP_BYTES = 1024 };

/* A filter may drop, police or mirror, whatever the discipline does with what is left. */
static bool discipline_has_filters(struct Qdisc *q)
{
	const struct Qdisc_class_ops *cl_ops = q->ops->cl_ops;
	const struct tcf_block *block;

	if (!cl_ops || !cl_ops->tcf_block)
		return false;
	block = cl_ops->tcf_block(q, 0, NULL);
	return block && !list_empty(&block->chain_list);
}

struct discipline_option {
	int type;
	u64 value;
};

/* Without a rate of flows fq paces sockets, and does nothing else. */
static const struct discipline_option fq_paces[] = {
	{TCA_FQ_FLOW_MAX_RATE, ~0U},
};

/* Without a rate, and without taking DSCPs off, cake only queues. */
static const struct discipline_option cake_queues[] = {
	{TCA_CAKE_BASE_RATE64, 0},
	{TCA_CAKE_AUTORATE, 0},
	{TCA_CAKE_WASH, 0},
};

static bool discipline_option_is(const struct nlattr *options,
				 const struct discipline_option *option)
{
	const struct nlattr *attr = nla_find_nested(options, option->type);
	u64 value;

	if (!attr)
		return false;
	value = nla_len(attr) == sizeof(u64) ? nla_get_u64(attr) : nla_get_u32(attr);
	return value == option->value;
}

/*
 * Are the discipline's options all like this?  They are known to its own file alone, and can change
 * in place.  What they are now is in its dump, which in fq and cake takes no lock.
 */
static bool discipline_has(struct Qdisc *q, const struct discipline_option *option,
			   unsigned int count)
{
	struct sk_buff *dump = alloc_skb(DISCIPLINE_DUMP_BYTES, GFP_ATOMIC);
	const struct nlattr *options = NULL;

	if (!dump)
		return false;
	if (q->ops->dump && q->ops->dump(q, dump) >= 0)
		options = nla_find((struct nlattr *)dump->data, dump->len, TCA_OPTIONS);
	while (options && count && discipline_option_is(options, option)) {
		option++;
		count--;
	}
	kfree_skb(dump);
	return !count;
}

static enum coloop_discipline discipline_of_queue(struct Qdisc *q)
{
	static const char *const plain[] = COLOOP_PLAIN_DISCIPLINES;
	const char *kind = q->ops->id;

	if (discipline_has_filters(q))
		return COLOOP_DISCIPLINE_RULES;
	if (!strcmp(kind, "fq"))
		return discipline_has(q, fq_paces, ARRAY_SIZE(fq_paces)) ?
			COLOOP_DISCIPLINE_PACES : COLOOP_DISCIPLINE_RULES;
	if (!strcmp(kind, "cake"))
		return discipline_has(q, cake_queues, ARRAY_SIZE(cake_queues)) ?
			COLOOP_DISCIPLINE_PLAIN : COLOOP_DISCIPLINE_RULES;
	return match_string(plain, ARRAY_SIZE(plain), kind) >= 0 ? COLOOP_DISCIPLINE_PLAIN :
								   COLOOP_DISCIPLINE_RULES;
}

/* Under mq each queue has a discipline of its own; any other root is the discipline of them all. */
enum coloop_discipline coloop_discipline_of(const struct net_device *dev)
{
	enum coloop_discipline found = COLOOP_DISCIPLINE_PLAIN;
	struct Qdisc *last = NULL;
	unsigned int i;

	for (i = 0; i < dev->real_num_tx_queues && found != COLOOP_DISCIPLINE_RULES; i++) {
		struct Qdisc *q = rcu_dereference(netdev_get_tx_queue(dev, i)->qdisc);

		if (q != last)
			found = max(found, discipline_of_queue(q));
		last = q;
	}
	return found;
}
