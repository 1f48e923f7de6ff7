/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of a peer's packets may be diverted: a short list, which most peers have not.  Builds in
 * user space (test/kmod).
 */

#ifndef _COLOOP_SELECTORS_H
#define _COLOOP_SELECTORS_H

#include <linux/rculist.h>
#include <linux/types.h>

#include "flow.h"
#include "uapi/coloop.h"

struct netlink_ext_ack;
struct nlattr;

/**
 * struct coloop_end - a source or a destination
 * @address: in the form of struct coloop_flow
 * @mask: the bits of it that count
 * @port_min: 0 to 65535 are any, and none
 */
struct coloop_end {
	__be32 address[4];
	__be32 mask[4];
	u16 port_min;
	u16 port_max;
};

/**
 * struct coloop_selector - some packets
 * @list: what a match means
 * @version: of IP; 0: either
 * @any_proto: @proto does not count
 * @either: @end may be the other way round
 */
struct coloop_selector {
	enum coloop_selector_list list;
	u8 version;
	u8 proto;
	bool any_proto;
	bool either;
	struct coloop_end end[COLOOP_FLOW_ENDS];
};

/**
 * struct coloop_selectors - all of a peer; does not change once it is published
 * @id: whoever set them knows them by it
 * @serial: that of no others, see recent.c
 * @needed: a bit for each list of which one has to match
 */
struct coloop_selectors {
	struct rcu_head rcu;
	u64 serial;
	u32 id;
	u32 needed;
	u32 count;
	struct coloop_selector selector[];
};

/* From a request's nest, to be freed by kfree().  NULL: it has none, so that all is diverted. */
struct coloop_selectors *coloop_selectors_make(const struct nlattr *nest,
					       struct netlink_ext_ack *extack);
/* May it be diverted?  What cannot be told may not. */
bool coloop_selectors_take(const struct coloop_selectors *selectors,
			   const struct coloop_flow *flow);

#endif /* _COLOOP_SELECTORS_H */
