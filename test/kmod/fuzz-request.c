// SPDX-License-Identifier: GPL-2.0
/*
 * kmod/request.c and the tables of kmod/netlink-gen.c against a caller of netlink who says
 * anything.  What the kernel does in between is kernel/netlink.c.  The message has exactly its
 * size, so a value read beyond what its table promises is seen.
 *
 * Input: the command (u8), then its attributes.
 */

#include <string.h>

#include "netlink-gen.h"
#include "request.h"

#include <net/genetlink.h>

#include <stdlib.h>

/* The attributes of the message, and where they end. */
static const u8 *first, *end;

static void must(bool held)
{
	if (!held)
		abort();
}

static u16 u16_at(const u8 *at)
{
	return at[0] | at[1] << 8;
}

static u32 u32_at(const u8 *at)
{
	return u16_at(at) | (u32)u16_at(at + 2) << 16;
}

/* From @at on, in a message that the kernel has taken. */
static const u8 *next_of(const u8 *at, const u8 *stop, u16 type)
{
	for (; at < stop; at += (u16_at(at) + 3) & ~3) {
		if ((u16_at(at + 2) & 0x3fff) == type)
			return at;
	}
	return NULL;
}

/* Of several it is the last that counts.  What it says begins four bytes on. */
static const u8 *last_of(const u8 *at, const u8 *stop, u16 type)
{
	const u8 *found = NULL;

	while ((at = next_of(at, stop, type))) {
		found = at;
		at += (u16_at(at) + 3) & ~3;
	}
	return found;
}

static const u8 *within(const u8 *nest, u16 type)
{
	return last_of(nest + 4, nest + u16_at(nest), type);
}

static bool is_unicast(const u8 *attr)
{
	return !(attr[4] & 1) && (attr[4] | attr[5] | attr[6] | attr[7] | attr[8] | attr[9]);
}

static bool link_is_good(const u8 *link)
{
	const u8 *local = within(link, COLOOP_A_LINK_LOCAL_MAC);
	const u8 *remote = within(link, COLOOP_A_LINK_REMOTE_MAC);

	return within(link, COLOOP_A_LINK_IFINDEX) && local && remote && is_unicast(local) &&
	       is_unicast(remote);
}

static void check_link(const struct coloop_peer_config *config, u32 i, const u8 *link)
{
	const u8 *ifindex = within(link, COLOOP_A_LINK_IFINDEX);
	const u8 *local = within(link, COLOOP_A_LINK_LOCAL_MAC);
	const u8 *remote = within(link, COLOOP_A_LINK_REMOTE_MAC);
	const u8 *mtu = within(link, COLOOP_A_LINK_MTU);

	must((u32)config->link[i].ifindex == u32_at(ifindex + 4));
	must(!memcmp(config->link[i].local, local + 4, 6));
	must(!memcmp(config->link[i].remote, remote + 4, 6));
	must(config->link[i].mtu == (mtu ? u32_at(mtu + 4) : 0));
}

/* What must be said of the links, and whether @config has those before the first that is wrong. */
static int check_links(const struct coloop_peer_config *config)
{
	const u8 *at = first;
	u32 count = 0;

	while ((at = next_of(at, end, COLOOP_A_PEER_LINK))) {
		if (count == 16)
			return -E2BIG;
		if (!link_is_good(at))
			return -EINVAL;
		must(count < config->links);
		check_link(config, count, at);
		count++;
		at += (u16_at(at) + 3) & ~3;
	}
	must(config->links == count);
	return 0;
}

static int check_peer(const struct coloop_peer_config *config, bool is_new)
{
	const u8 *domid = last_of(first, end, COLOOP_A_PEER_DOMID);
	const u8 *epoch = last_of(first, end, COLOOP_A_PEER_EPOCH);
	const u8 *name = last_of(first, end, COLOOP_A_PEER_NAME);
	const u8 *wait = last_of(first, end, COLOOP_A_PEER_BUSY_POLL);
	const u8 *selectors = last_of(first, end, COLOOP_A_PEER_SELECTORS);
	const u8 *grant = last_of(first, end, COLOOP_A_PEER_FRAG_PAGES);
	int ret;

	if (!domid || !epoch)
		return -EINVAL;
	ret = check_links(config);
	if (ret || (is_new && (!name || !config->links)))
		return ret ?: -EINVAL;
	must(config->domid == u32_at(domid + 4) && config->domid < 32752);
	must(config->epoch == u32_at(epoch + 4) && config->epoch);
	must(!config->name == !name && !config->busy_poll_us == !wait);
	must(!config->selectors == !selectors);
	must(!selectors || config->selectors == (const void *)selectors);
	must(!name || (config->name == (const char *)name + 4 && strlen(config->name) <= 64));
	must(!wait || (*config->busy_poll_us == u32_at(wait + 4) && *config->busy_poll_us <= 1000));
	must(!config->frag_pages == !grant);
	must(!grant || (*config->frag_pages == u32_at(grant + 4) && *config->frag_pages <= 4096));
	return 0;
}

static int try_peer(struct genl_info *info, bool is_new)
{
	/* Of exactly its size, so that a link too many is seen. */
	struct coloop_peer_config *config = malloc(sizeof(*config));
	int ret;

	must(config);
	ret = is_new ? coloop_request_new_peer(config, info) : coloop_request_peer(config, info);
	must(ret == check_peer(config, is_new));
	free(config);
	return ret;
}

int coloop_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	return try_peer(info, true);
}

int coloop_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return try_peer(info, false);
}

int coloop_nl_channel_offer_doit(struct sk_buff *skb, struct genl_info *info)
{
	const u8 *channel = last_of(first, end, COLOOP_A_PEER_CHANNEL), *order, *queues;
	struct coloop_offer offer;
	int ret = coloop_request_offer(&offer, info);

	if (!channel) {
		must(ret == -EINVAL);
		return ret;
	}
	order = within(channel, COLOOP_A_CHANNEL_ORDER);
	queues = within(channel, COLOOP_A_CHANNEL_QUEUES);
	must(offer.order == (order ? u32_at(order + 4) : 8) && offer.order <= 9);
	must(offer.queues == (queues ? u32_at(queues + 4) : 1));
	must(offer.queues >= 1 && offer.queues <= 8);
	must(offer.listen == !!within(channel, COLOOP_A_CHANNEL_LISTEN));
	must(ret == (offer.order < 5 ? -ERANGE : 0));
	return ret;
}

int coloop_nl_channel_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	const u8 *channel = last_of(first, end, COLOOP_A_PEER_CHANNEL), *ref, *port;
	struct coloop_attach attach;
	int ret = coloop_request_attach(&attach, info);

	ref = channel ? within(channel, COLOOP_A_CHANNEL_CONTROL_REF) : NULL;
	port = channel ? within(channel, COLOOP_A_CHANNEL_EVENT_PORT) : NULL;
	must(ret == (ref ? 0 : -EINVAL));
	must(ret || attach.control_ref == u32_at(ref + 4));
	must(ret || attach.port == (port ? u32_at(port + 4) : 0));
	return ret;
}

/* These look for the domain and no further. */
static int try_domid(struct genl_info *info)
{
	const u8 *domid = last_of(first, end, COLOOP_A_PEER_DOMID);

	must(coloop_request_has(info, COLOOP_A_PEER_DOMID, "domid") == !!domid);
	must(!domid || nla_get_u32(info->attrs[COLOOP_A_PEER_DOMID]) < 32752);
	return domid ? 0 : -EINVAL;
}

int coloop_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return try_domid(info);
}

int coloop_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return try_domid(info);
}

int coloop_nl_channel_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	return try_domid(info);
}

int coloop_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return 0;
}

int coloop_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
}

/* A refusal says why; but for the tables, which the kernel speaks for. */
static void handle(const struct genl_ops *op, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[COLOOP_A_PEER_FRAG_PAGES + 1];
	struct netlink_ext_ack extack = {};
	struct genl_info info = {
		.nlhdr = message,
		.attrs = (struct nlattr **)attrs,
		.extack = &extack,
	};

	must(op->maxattr < ARRAY_SIZE(attrs));
	if (op->policy && nla_parse(attrs, op->maxattr, (const void *)first, end - first,
				    op->policy, &extack))
		return;
	must(!op->doit(NULL, &info) == !extack.msg);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct nlmsghdr *message;

	if (!size)
		return -1;
	message = malloc(NLMSG_HDRLEN + GENL_HDRLEN + size - 1);
	must(message);
	*message = (struct nlmsghdr){ .nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + size - 1 };
	first = (const u8 *)message + NLMSG_HDRLEN + GENL_HDRLEN;
	end = first + size - 1;
	memcpy((u8 *)first, data + 1, size - 1);
	handle(&coloop_nl_ops[data[0] % COLOOP_NL_OPS], message);
	free(message);
	return 0;
}
