/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a request of the control plane says, checked.  Knows no peer, and builds in user space
 * (test/kmod).  The kernel has applied the tables of netlink-gen.c before: each value that is there
 * has its length and range.  What is left: that all is there, how often, and what addresses mean.
 */

#ifndef _COLOOP_REQUEST_H
#define _COLOOP_REQUEST_H

#include <linux/if_ether.h>
#include <linux/types.h>
#include <xen/interface/xen.h>

#include "uapi/coloop.h"

struct genl_info;
struct nlattr;

/**
 * struct coloop_peer_config - what the control plane says of a peer; links are made from it
 * @name: in the request; NULL: as it is
 * @busy_poll_us: in the request; NULL: as it is
 * @selectors: in the request, for coloop_selectors_make(); NULL: as they are
 * @frag_pages: in the request; NULL: as it is
 */
struct coloop_peer_config {
	domid_t domid;
	u32 epoch;
	const char *name;
	const u32 *busy_poll_us;
	const struct nlattr *selectors;
	const u32 *frag_pages;
	unsigned int links;
	struct {
		int ifindex;
		u8 local[ETH_ALEN];
		u8 remote[ETH_ALEN];
		u32 mtu;
	} link[COLOOP_LINKS_MAX];
};

/**
 * struct coloop_offer - what we are to offer
 * @order: each ring of ours has 4096 << order bytes
 * @queues: rings, 1 to COLOOP_QUEUES_MAX; as many are used as the peer offers, too
 * @listen: allocate the event channels
 */
struct coloop_offer {
	u32 order;
	u32 queues;
	bool listen;
};

/**
 * struct coloop_attach - what the peer has offered; any numbers
 * @control_ref: grant of its first control page
 * @port: its event channel, 0 where we listen
 */
struct coloop_attach {
	u32 control_ref;
	u32 port;
};

/* Is it there?  If not, the answer says that the request names no @name, a literal. */
#define coloop_request_has(info, attr, name) ({						\
	bool _has = (info)->attrs[attr];						\
											\
	if (!_has)									\
		NL_SET_ERR_MSG_MOD((info)->extack, "the request names no " name);	\
	_has;										\
})

/* Each fills in all of the structure, or says why not: a negative errno. */
int coloop_request_peer(struct coloop_peer_config *config, struct genl_info *info);
/* With a name and a link at least. */
int coloop_request_new_peer(struct coloop_peer_config *config, struct genl_info *info);
int coloop_request_offer(struct coloop_offer *offer, struct genl_info *info);
int coloop_request_attach(struct coloop_attach *attach, struct genl_info *info);

#endif /* _COLOOP_REQUEST_H */
