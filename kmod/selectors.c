// SPDX-License-Identifier: GPL-2.0

#include "selectors.h"
#include "netlink-gen.h"

#include <linux/bits.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/slab.h>

/* In this order: of two demands the lesser answer counts, of two ways the better. */
enum selectors_match {
	SELECTORS_NO,
	SELECTORS_UNKNOWN,
	SELECTORS_YES,
};

static bool selectors_asks_port(const struct coloop_end *end)
{
	return end->port_min || end->port_max != U16_MAX;
}

static enum selectors_match selectors_match_end(const struct coloop_end *end,
						const struct coloop_flow *flow, unsigned int which)
{
	const __be32 *address = flow->address[which];
	u16 port = flow->port[which];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(end->mask); i++) {
		if ((address[i] ^ end->address[i]) & end->mask[i])
			return SELECTORS_NO;
	}
	if (!selectors_asks_port(end))
		return SELECTORS_YES;
	if (!flow->has_ports)
		return SELECTORS_UNKNOWN;
	return port >= end->port_min && port <= end->port_max ? SELECTORS_YES : SELECTORS_NO;
}

/* @turned: our source is what the selector has as destination. */
static enum selectors_match selectors_match_way(const struct coloop_selector *selector,
						const struct coloop_flow *flow, bool turned)
{
	return min(selectors_match_end(&selector->end[turned], flow, COLOOP_FLOW_FROM),
		   selectors_match_end(&selector->end[!turned], flow, COLOOP_FLOW_TO));
}

static enum selectors_match selectors_match_proto(const struct coloop_selector *selector,
						  const struct coloop_flow *flow)
{
	bool asks_port = selectors_asks_port(&selector->end[COLOOP_FLOW_FROM]) ||
			 selectors_asks_port(&selector->end[COLOOP_FLOW_TO]);

	if (selector->any_proto ? !asks_port : selector->proto == flow->proto)
		return SELECTORS_YES;
	if (flow->is_hidden)
		return SELECTORS_UNKNOWN;
	return selector->any_proto && coloop_flow_proto_has_ports(flow->proto) ? SELECTORS_YES :
										 SELECTORS_NO;
}

static enum selectors_match selectors_match(const struct coloop_selector *selector,
					    const struct coloop_flow *flow)
{
	enum selectors_match proto, way;

	if (selector->version && selector->version != flow->version)
		return SELECTORS_NO;
	proto = selectors_match_proto(selector, flow);
	if (proto == SELECTORS_NO)
		return SELECTORS_NO;
	way = selectors_match_way(selector, flow, false);
	if (selector->either && way != SELECTORS_YES)
		way = max(way, selectors_match_way(selector, flow, true));
	return min(proto, way);
}

bool coloop_selectors_take(const struct coloop_selectors *selectors,
			   const struct coloop_flow *flow)
{
	u32 matched = 0;
	unsigned int i;

	for (i = 0; i < selectors->count; i++) {
		const struct coloop_selector *selector = &selectors->selector[i];
		enum selectors_match match = selectors_match(selector, flow);

		if (selector->list == COLOOP_SELECTOR_LIST_EXCEPT && match != SELECTORS_NO)
			return false;
		if (match == SELECTORS_YES)
			matched |= BIT(selector->list);
	}
	return matched == selectors->needed;
}

static void selectors_set_address(struct coloop_end *end, const struct nlattr *attr,
				  unsigned int bits)
{
	unsigned int i;

	nla_memcpy(end->address, attr, sizeof(end->address));
	for (i = 0; i < ARRAY_SIZE(end->mask); i++, bits -= min(bits, 32u))
		end->mask[i] = bits < 32 ? htonl(~(u32)(U32_MAX >> bits)) : htonl(U32_MAX);
}

static void selectors_set_ports(struct coloop_end *end, const struct nlattr *least,
				const struct nlattr *most)
{
	end->port_min = least ? nla_get_u16(least) : 0;
	end->port_max = most ? nla_get_u16(most) : least ? end->port_min : U16_MAX;
}

/* Both ends of one selector have one version of IP; @version is that of the first that says it. */
static int selectors_parse_end(struct coloop_end *end, u8 *version, const struct nlattr *nest,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[COLOOP_A_END_MAX + 1] = {};
	const struct nlattr *address;
	u32 bits, most;
	u8 is;
	int ret;

	end->port_max = U16_MAX;
	if (!nest)
		return 0;
	ret = nla_parse_nested(tb, COLOOP_A_END_MAX, nest, coloop_end_nl_policy, extack);
	if (ret)
		return ret;
	selectors_set_ports(end, tb[COLOOP_A_END_PORT_MIN], tb[COLOOP_A_END_PORT_MAX]);
	address = tb[COLOOP_A_END_IPV4] ?: tb[COLOOP_A_END_IPV6];
	if (end->port_max < end->port_min || (tb[COLOOP_A_END_IPV4] && tb[COLOOP_A_END_IPV6])) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "an end of a selector contradicts itself");
		return -EINVAL;
	}
	if (!address)
		return 0;
	is = tb[COLOOP_A_END_IPV4] ? 4 : 6;
	most = is == 4 ? 32 : 128;
	bits = tb[COLOOP_A_END_PREFIX] ? nla_get_u32(tb[COLOOP_A_END_PREFIX]) : most;
	if (bits > most || (*version && *version != is)) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a selector is of one version of IP");
		return -EINVAL;
	}
	*version = is;
	selectors_set_address(end, address, bits);
	return 0;
}

static int selectors_parse(struct coloop_selector *selector, const struct nlattr *nest,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[COLOOP_A_SELECTOR_MAX + 1];
	int ret;

	ret = nla_parse_nested(tb, COLOOP_A_SELECTOR_MAX, nest, coloop_selector_nl_policy, extack);
	if (ret)
		return ret;
	if (!tb[COLOOP_A_SELECTOR_LIST]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "a selector needs a list");
		return -EINVAL;
	}
	selector->list = nla_get_u32(tb[COLOOP_A_SELECTOR_LIST]);
	selector->either = tb[COLOOP_A_SELECTOR_EITHER];
	selector->any_proto = !tb[COLOOP_A_SELECTOR_PROTO];
	if (tb[COLOOP_A_SELECTOR_PROTO])
		selector->proto = nla_get_u32(tb[COLOOP_A_SELECTOR_PROTO]);
	return selectors_parse_end(&selector->end[COLOOP_FLOW_FROM], &selector->version,
				   tb[COLOOP_A_SELECTOR_FROM], extack) ?:
	       selectors_parse_end(&selector->end[COLOOP_FLOW_TO], &selector->version,
				   tb[COLOOP_A_SELECTOR_TO], extack);
}

static unsigned int selectors_count(const struct nlattr *nest)
{
	const struct nlattr *attr;
	unsigned int count = 0;
	int rem;

	nla_for_each_nested(attr, nest, rem)
		count += nla_type(attr) == COLOOP_A_SELECTORS_SELECTOR;
	return count;
}

static int selectors_parse_all(struct coloop_selectors *selectors, const struct nlattr *nest,
			       struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int ret, rem;

	nla_for_each_nested(attr, nest, rem) {
		struct coloop_selector *selector = &selectors->selector[selectors->count];

		if (nla_type(attr) == COLOOP_A_SELECTORS_ID)
			selectors->id = nla_get_u32(attr);
		if (nla_type(attr) != COLOOP_A_SELECTORS_SELECTOR)
			continue;
		ret = selectors_parse(selector, attr, extack);
		if (ret)
			return ret;
		selectors->count++;
		if (selector->list != COLOOP_SELECTOR_LIST_EXCEPT)
			selectors->needed |= BIT(selector->list);
	}
	return 0;
}

struct coloop_selectors *coloop_selectors_make(const struct nlattr *nest,
					       struct netlink_ext_ack *extack)
{
	unsigned int count = selectors_count(nest);
	struct coloop_selectors *selectors;
	int ret;

	if (!count)
		return NULL;
	if (count > COLOOP_SELECTORS_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "too many selectors");
		return ERR_PTR(-E2BIG);
	}
	selectors = kzalloc(struct_size(selectors, selector, count), GFP_KERNEL);
	if (!selectors)
		return ERR_PTR(-ENOMEM);
	ret = selectors_parse_all(selectors, nest, extack);
	if (ret) {
		kfree(selectors);
		return ERR_PTR(ret);
	}
	return selectors;
}
