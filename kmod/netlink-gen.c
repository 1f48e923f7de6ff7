// SPDX-License-Identifier: GPL-2.0
/* Generated from kmod/spec/coloop.yaml by `make generate`, do not edit. */

#include "netlink-gen.h"

const struct nla_policy coloop_link_nl_policy[COLOOP_A_LINK_MAX + 1] = {
	[COLOOP_A_LINK_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLOOP_A_LINK_LOCAL_MAC] = NLA_POLICY_EXACT_LEN(COLOOP_MAC_LEN),
	[COLOOP_A_LINK_REMOTE_MAC] = NLA_POLICY_EXACT_LEN(COLOOP_MAC_LEN),
	[COLOOP_A_LINK_MTU] = { .type = NLA_U32, },
	[COLOOP_A_LINK_BLOCKED] = NLA_POLICY_MAX(NLA_U32, COLOOP_ORDINARY_MAX),
};

const struct nla_policy coloop_count_nl_policy[COLOOP_A_COUNT_MAX + 1] = {
	[COLOOP_A_COUNT_PAD] = { .type = NLA_REJECT, },
	[COLOOP_A_COUNT_REASON] = NLA_POLICY_MAX(NLA_U32, COLOOP_ORDINARY_MAX),
	[COLOOP_A_COUNT_PACKETS] = { .type = NLA_U64, },
};

const struct nla_policy coloop_end_nl_policy[COLOOP_A_END_MAX + 1] = {
	[COLOOP_A_END_IPV4] = NLA_POLICY_EXACT_LEN(4),
	[COLOOP_A_END_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[COLOOP_A_END_PREFIX] = NLA_POLICY_MAX(NLA_U32, 128),
	[COLOOP_A_END_PORT_MIN] = { .type = NLA_U16, },
	[COLOOP_A_END_PORT_MAX] = { .type = NLA_U16, },
};

const struct nla_policy coloop_selector_nl_policy[COLOOP_A_SELECTOR_MAX + 1] = {
	[COLOOP_A_SELECTOR_LIST] = NLA_POLICY_MAX(NLA_U32, COLOOP_SELECTOR_LIST_MAX),
	[COLOOP_A_SELECTOR_PROTO] = NLA_POLICY_RANGE(NLA_U32, 1, 255),
	[COLOOP_A_SELECTOR_EITHER] = { .type = NLA_FLAG, },
	[COLOOP_A_SELECTOR_FROM] = NLA_POLICY_NESTED(coloop_end_nl_policy),
	[COLOOP_A_SELECTOR_TO] = NLA_POLICY_NESTED(coloop_end_nl_policy),
};

const struct nla_policy coloop_selectors_nl_policy[COLOOP_A_SELECTORS_MAX + 1] = {
	[COLOOP_A_SELECTORS_SELECTOR] = NLA_POLICY_NESTED(coloop_selector_nl_policy),
	[COLOOP_A_SELECTORS_ID] = { .type = NLA_U32, },
};

const struct nla_policy coloop_channel_nl_policy[COLOOP_A_CHANNEL_MAX + 1] = {
	[COLOOP_A_CHANNEL_PAD] = { .type = NLA_REJECT, },
	[COLOOP_A_CHANNEL_STATE] = NLA_POLICY_MAX(NLA_U32, COLOOP_CHANNEL_STATE_MAX),
	[COLOOP_A_CHANNEL_REASON] = NLA_POLICY_MAX(NLA_U32, COLOOP_REASON_MAX),
	[COLOOP_A_CHANNEL_ORDER] = NLA_POLICY_MAX(NLA_U32, COLOOP_ORDER_MAX),
	[COLOOP_A_CHANNEL_LISTEN] = { .type = NLA_FLAG, },
	[COLOOP_A_CHANNEL_CONTROL_REF] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_EVENT_PORT] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_SINCE] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_TX_PACKETS] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_TX_BYTES] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_RX_PACKETS] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_RX_BYTES] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_EVENTS_SENT] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_EVENTS_RECEIVED] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_BACKLOGGED] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_RETURNED] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DROPPED_BACKLOG] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DROPPED_SOURCE] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DROPPED_HEADER] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DROPPED_MEMORY] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DETAIL] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_REMOTE_ORDER] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_QUEUED_BYTES] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_QUEUES] = NLA_POLICY_RANGE(NLA_U32, 1, COLOOP_QUEUES_MAX),
	[COLOOP_A_CHANNEL_SPINS] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_SPINS_PAID] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_DROPPED_DEVICE] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_WAITS] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_WAITS_PAID] = { .type = NLA_U64, },
	[COLOOP_A_CHANNEL_GRANTED_FRAG_PAGES] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_MAPPED_FRAG_PAGES] = { .type = NLA_U32, },
	[COLOOP_A_CHANNEL_REFERRED_BYTES] = { .type = NLA_U64, },
};

static const struct nla_policy peer_new_nl_policy[COLOOP_A_PEER_FRAG_PAGES + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
	[COLOOP_A_PEER_EPOCH] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLOOP_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = COLOOP_NAME_MAX, },
	[COLOOP_A_PEER_LINK] = NLA_POLICY_NESTED(coloop_link_nl_policy),
	[COLOOP_A_PEER_BUSY_POLL] = NLA_POLICY_MAX(NLA_U32, COLOOP_BUSY_POLL_MAX),
	[COLOOP_A_PEER_SELECTORS] = NLA_POLICY_NESTED(coloop_selectors_nl_policy),
	[COLOOP_A_PEER_FRAG_PAGES] = NLA_POLICY_MAX(NLA_U32, COLOOP_FRAG_PAGES_MAX),
};

static const struct nla_policy peer_set_nl_policy[COLOOP_A_PEER_FRAG_PAGES + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
	[COLOOP_A_PEER_EPOCH] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLOOP_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = COLOOP_NAME_MAX, },
	[COLOOP_A_PEER_LINK] = NLA_POLICY_NESTED(coloop_link_nl_policy),
	[COLOOP_A_PEER_BUSY_POLL] = NLA_POLICY_MAX(NLA_U32, COLOOP_BUSY_POLL_MAX),
	[COLOOP_A_PEER_SELECTORS] = NLA_POLICY_NESTED(coloop_selectors_nl_policy),
	[COLOOP_A_PEER_FRAG_PAGES] = NLA_POLICY_MAX(NLA_U32, COLOOP_FRAG_PAGES_MAX),
};

static const struct nla_policy peer_del_nl_policy[COLOOP_A_PEER_DOMID + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
};

static const struct nla_policy peer_get_nl_policy[COLOOP_A_PEER_DOMID + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
};

static const struct nla_policy channel_offer_nl_policy[COLOOP_A_PEER_CHANNEL + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
	[COLOOP_A_PEER_EPOCH] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLOOP_A_PEER_CHANNEL] = NLA_POLICY_NESTED(coloop_channel_nl_policy),
};

static const struct nla_policy channel_attach_nl_policy[COLOOP_A_PEER_CHANNEL + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
	[COLOOP_A_PEER_EPOCH] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLOOP_A_PEER_CHANNEL] = NLA_POLICY_NESTED(coloop_channel_nl_policy),
};

static const struct nla_policy channel_close_nl_policy[COLOOP_A_PEER_DOMID + 1] = {
	[COLOOP_A_PEER_DOMID] = NLA_POLICY_MAX(NLA_U32, 32751),
};

const struct genl_ops coloop_nl_ops[COLOOP_NL_OPS] = {
	{
		.cmd		= COLOOP_CMD_INFO_GET,
		.doit		= coloop_nl_info_get_doit,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_PEER_NEW,
		.doit		= coloop_nl_peer_new_doit,
		.policy		= peer_new_nl_policy,
		.maxattr	= ARRAY_SIZE(peer_new_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_PEER_SET,
		.doit		= coloop_nl_peer_set_doit,
		.policy		= peer_set_nl_policy,
		.maxattr	= ARRAY_SIZE(peer_set_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_PEER_DEL,
		.doit		= coloop_nl_peer_del_doit,
		.policy		= peer_del_nl_policy,
		.maxattr	= ARRAY_SIZE(peer_del_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_PEER_GET,
		.doit		= coloop_nl_peer_get_doit,
		.dumpit		= coloop_nl_peer_get_dumpit,
		.policy		= peer_get_nl_policy,
		.maxattr	= ARRAY_SIZE(peer_get_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_CHANNEL_OFFER,
		.doit		= coloop_nl_channel_offer_doit,
		.policy		= channel_offer_nl_policy,
		.maxattr	= ARRAY_SIZE(channel_offer_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_CHANNEL_ATTACH,
		.doit		= coloop_nl_channel_attach_doit,
		.policy		= channel_attach_nl_policy,
		.maxattr	= ARRAY_SIZE(channel_attach_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= COLOOP_CMD_CHANNEL_CLOSE,
		.doit		= coloop_nl_channel_close_doit,
		.policy		= channel_close_nl_policy,
		.maxattr	= ARRAY_SIZE(channel_close_nl_policy) - 1,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

const struct genl_multicast_group coloop_nl_mcgrps[COLOOP_NL_MCGRPS] = {
	[COLOOP_NLGRP_EVENTS] = { .name = COLOOP_MCGRP_EVENTS, },
};
