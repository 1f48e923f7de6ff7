// SPDX-License-Identifier: GPL-2.0

#include "request.h"
#include "limits.h"
#include "netlink-gen.h"

#include <linux/etherdevice.h>
#include <net/genetlink.h>

static int request_parse_link(struct coloop_peer_config *config, const struct nlattr *attr,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[COLOOP_A_LINK_MAX + 1];
	unsigned int i = config->links;
	int ret;

	if (i == COLOOP_LINKS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "too many links");
		return -E2BIG;
	}
	ret = nla_parse_nested(tb, COLOOP_A_LINK_MAX, attr, coloop_link_nl_policy, extack);
	if (ret)
		return ret;
	if (!tb[COLOOP_A_LINK_IFINDEX] || !tb[COLOOP_A_LINK_LOCAL_MAC] ||
	    !tb[COLOOP_A_LINK_REMOTE_MAC]) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "a link needs ifindex, local-mac, remote-mac");
		return -EINVAL;
	}
	config->link[i].ifindex = nla_get_u32(tb[COLOOP_A_LINK_IFINDEX]);
	if (tb[COLOOP_A_LINK_MTU])
		config->link[i].mtu = nla_get_u32(tb[COLOOP_A_LINK_MTU]);
	nla_memcpy(config->link[i].local, tb[COLOOP_A_LINK_LOCAL_MAC], ETH_ALEN);
	nla_memcpy(config->link[i].remote, tb[COLOOP_A_LINK_REMOTE_MAC], ETH_ALEN);
	if (!is_valid_ether_addr(config->link[i].local) ||
	    !is_valid_ether_addr(config->link[i].remote)) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an address of the link is no unicast address");
		return -EINVAL;
	}
	config->links++;
	return 0;
}

int coloop_request_peer(struct coloop_peer_config *config, struct genl_info *info)
{
	struct nlattr *attr;
	int ret, rem;

	*config = (struct coloop_peer_config){};
	if (!coloop_request_has(info, COLOOP_A_PEER_DOMID, "domid") ||
	    !coloop_request_has(info, COLOOP_A_PEER_EPOCH, "epoch"))
		return -EINVAL;
	config->domid = nla_get_u32(info->attrs[COLOOP_A_PEER_DOMID]);
	config->epoch = nla_get_u32(info->attrs[COLOOP_A_PEER_EPOCH]);
	if (info->attrs[COLOOP_A_PEER_NAME])
		config->name = nla_data(info->attrs[COLOOP_A_PEER_NAME]);
	if (info->attrs[COLOOP_A_PEER_BUSY_POLL])
		config->busy_poll_us = nla_data(info->attrs[COLOOP_A_PEER_BUSY_POLL]);
	config->selectors = info->attrs[COLOOP_A_PEER_SELECTORS];
	if (info->attrs[COLOOP_A_PEER_FRAG_PAGES])
		config->frag_pages = nla_data(info->attrs[COLOOP_A_PEER_FRAG_PAGES]);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != COLOOP_A_PEER_LINK)
			continue;
		ret = request_parse_link(config, attr, info->extack);
		if (ret)
			return ret;
	}
	return 0;
}

int coloop_request_new_peer(struct coloop_peer_config *config, struct genl_info *info)
{
	int ret;

	ret = coloop_request_peer(config, info);
	if (ret)
		return ret;
	if (!coloop_request_has(info, COLOOP_A_PEER_NAME, "name") ||
	    !coloop_request_has(info, COLOOP_A_PEER_LINK, "link"))
		return -EINVAL;
	return 0;
}

static int request_parse_channel(struct nlattr **tb, struct genl_info *info)
{
	if (!coloop_request_has(info, COLOOP_A_PEER_CHANNEL, "channel"))
		return -EINVAL;
	return nla_parse_nested(tb, COLOOP_A_CHANNEL_MAX, info->attrs[COLOOP_A_PEER_CHANNEL],
				coloop_channel_nl_policy, info->extack);
}

int coloop_request_offer(struct coloop_offer *offer, struct genl_info *info)
{
	struct nlattr *tb[COLOOP_A_CHANNEL_MAX + 1];
	int ret;

	*offer = (struct coloop_offer){ .order = COLOOP_ORDER_DEFAULT, .queues = 1 };
	ret = request_parse_channel(tb, info);
	if (ret)
		return ret;
	offer->listen = tb[COLOOP_A_CHANNEL_LISTEN];
	if (tb[COLOOP_A_CHANNEL_QUEUES])
		offer->queues = nla_get_u32(tb[COLOOP_A_CHANNEL_QUEUES]);
	if (tb[COLOOP_A_CHANNEL_ORDER])
		offer->order = nla_get_u32(tb[COLOOP_A_CHANNEL_ORDER]);
	if (offer->order < COLOOP_ORDER_MIN) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[COLOOP_A_CHANNEL_ORDER],
				    "a ring must take the largest packet: order 5 at least");
		return -ERANGE;
	}
	return 0;
}

int coloop_request_attach(struct coloop_attach *attach, struct genl_info *info)
{
	struct nlattr *tb[COLOOP_A_CHANNEL_MAX + 1];
	int ret;

	*attach = (struct coloop_attach){};
	ret = request_parse_channel(tb, info);
	if (ret)
		return ret;
	if (!tb[COLOOP_A_CHANNEL_CONTROL_REF]) {
		NL_SET_ERR_MSG_MOD(info->extack, "the request names no control-ref");
		return -EINVAL;
	}
	attach->control_ref = nla_get_u32(tb[COLOOP_A_CHANNEL_CONTROL_REF]);
	if (tb[COLOOP_A_CHANNEL_EVENT_PORT])
		attach->port = nla_get_u32(tb[COLOOP_A_CHANNEL_EVENT_PORT]);
	return 0;
}
