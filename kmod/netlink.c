// SPDX-License-Identifier: GPL-2.0

#include "netlink.h"
#include "lower.h"
#include "netlink-gen.h"
#include "peerlookup.h"
#include "queueing.h"
#include "request.h"

#include <net/genetlink.h>

static struct genl_family family;

static int nl_put_u64(struct sk_buff *msg, int attr, u64 value)
{
	return nla_put_u64_64bit(msg, attr, value, COLOOP_A_CHANNEL_PAD);
}

/* The queues' counters, one by one; they go on meanwhile. */
static void nl_add_stats(struct coloop_tx_stats *tx, struct coloop_rx_stats *rx,
			 const struct coloop_queue *queue)
{
	tx->packets += READ_ONCE(queue->tx_stats.packets);
	tx->bytes += READ_ONCE(queue->tx_stats.bytes);
	tx->events += READ_ONCE(queue->tx_stats.events);
	tx->backlogged += READ_ONCE(queue->tx_stats.backlogged);
	tx->referred += READ_ONCE(queue->tx_stats.referred);
	tx->dropped_backlog += READ_ONCE(queue->tx_stats.dropped_backlog);
	rx->packets += READ_ONCE(queue->rx_stats.packets);
	rx->bytes += READ_ONCE(queue->rx_stats.bytes);
	rx->dropped_source += READ_ONCE(queue->rx_stats.dropped_source);
	rx->dropped_header += READ_ONCE(queue->rx_stats.dropped_header);
	rx->dropped_memory += READ_ONCE(queue->rx_stats.dropped_memory);
	rx->dropped_device += READ_ONCE(queue->rx_stats.dropped_device);
	rx->waits += READ_ONCE(queue->rx_stats.waits);
	rx->waits_paid += READ_ONCE(queue->rx_stats.waits_paid);
}

static int nl_put_stats(struct sk_buff *msg, const struct coloop_channel *ch)
{
	struct coloop_tx_stats tx = {};
	struct coloop_rx_stats rx = {};
	u64 events_received = 0;
	unsigned int i;

	for (i = 0; i < ch->queues; i++) {
		nl_add_stats(&tx, &rx, &ch->queue[i]);
		events_received += READ_ONCE(ch->queue[i].events_received);
	}
	return nl_put_u64(msg, COLOOP_A_CHANNEL_TX_PACKETS, tx.packets) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_TX_BYTES, tx.bytes) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_RX_PACKETS, rx.packets) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_RX_BYTES, rx.bytes) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_EVENTS_SENT, tx.events) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_EVENTS_RECEIVED, events_received) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_BACKLOGGED, tx.backlogged) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_RETURNED, atomic64_read(&ch->returned)) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_DROPPED_BACKLOG, tx.dropped_backlog) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_DROPPED_SOURCE, rx.dropped_source) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_DROPPED_HEADER, rx.dropped_header) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_DROPPED_MEMORY, rx.dropped_memory) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_DROPPED_DEVICE, rx.dropped_device) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_REFERRED_BYTES, tx.referred) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_WAITS, rx.waits) ||
	       nl_put_u64(msg, COLOOP_A_CHANNEL_WAITS_PAID, rx.waits_paid);
}

/* What the peer has to be told. */
static int nl_put_offer(struct sk_buff *msg, const struct coloop_channel *ch)
{
	const struct coloop_queue *first = ch->queue;
	u32 port = ch->listens ? first->evtchn.port : 0;

	return nla_put_u32(msg, COLOOP_A_CHANNEL_ORDER, ch->order) ||
	       nla_put_u32(msg, COLOOP_A_CHANNEL_CONTROL_REF, first->pages->page[0].ref) ||
	       nla_put_u32(msg, COLOOP_A_CHANNEL_EVENT_PORT, port);
}

static int nl_put_channel(struct sk_buff *msg, struct coloop_channel *ch)
{
	struct nlattr *nest = nla_nest_start(msg, COLOOP_A_PEER_CHANNEL);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(msg, COLOOP_A_CHANNEL_STATE, ch->state) ||
	    nla_put_u32(msg, COLOOP_A_CHANNEL_REASON, ch->reason) ||
	    nla_put_u32(msg, COLOOP_A_CHANNEL_DETAIL, ch->detail) ||
	    nla_put_u32(msg, COLOOP_A_CHANNEL_QUEUED_BYTES, coloop_channel_queued(ch)) ||
	    nla_put_u32(msg, COLOOP_A_CHANNEL_GRANTED_FRAG_PAGES, ch->blocks.granted) ||
	    nla_put_u32(msg, COLOOP_A_CHANNEL_MAPPED_FRAG_PAGES, ch->foreign.mapped) ||
	    nl_put_u64(msg, COLOOP_A_CHANNEL_SINCE, ch->since) ||
	    nl_put_stats(msg, ch))
		return -EMSGSIZE;
	if (coloop_channel_is_up(ch) && nl_put_offer(msg, ch))
		return -EMSGSIZE;
	if (ch->queues &&
	    (nla_put_u32(msg, COLOOP_A_CHANNEL_REMOTE_ORDER, ch->queue->remote_order) ||
	     nla_put_u32(msg, COLOOP_A_CHANNEL_QUEUES, ch->queues)))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int nl_put_links(struct sk_buff *msg, const struct coloop_peer *peer)
{
	const struct coloop_link *link;
	int ret = 0;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(link, &peer->links, peer_entry) {
		struct nlattr *nest = nla_nest_start(msg, COLOOP_A_PEER_LINK);

		if (!nest || nla_put_u32(msg, COLOOP_A_LINK_IFINDEX, link->dev->ifindex) ||
		    nla_put(msg, COLOOP_A_LINK_LOCAL_MAC, ETH_ALEN, link->local) ||
		    nla_put(msg, COLOOP_A_LINK_REMOTE_MAC, ETH_ALEN, link->remote) ||
		    nla_put_u32(msg, COLOOP_A_LINK_MTU, link->mtu) ||
		    nla_put_u32(msg, COLOOP_A_LINK_BLOCKED, coloop_link_blocked(link->dev))) {
			ret = -EMSGSIZE;
			break;
		}
		nla_nest_end(msg, nest);
	}
	mutex_unlock(&coloop_peers_lock);
	return ret;
}

/* What took the ordinary path, one nest for each reason that there was. */
static int nl_put_ordinary(struct sk_buff *msg, const struct coloop_peer *peer)
{
	unsigned int reason;

	for (reason = 0; reason <= COLOOP_ORDINARY_MAX; reason++) {
		u64 packets = atomic64_read(&peer->ordinary[reason]);
		struct nlattr *nest;

		if (!packets)
			continue;
		nest = nla_nest_start(msg, COLOOP_A_PEER_ORDINARY);
		if (!nest || nla_put_u32(msg, COLOOP_A_COUNT_REASON, reason) ||
		    nla_put_u64_64bit(msg, COLOOP_A_COUNT_PACKETS, packets, COLOOP_A_COUNT_PAD))
			return -EMSGSIZE;
		nla_nest_end(msg, nest);
	}
	return 0;
}

static int nl_put_selectors_id(struct sk_buff *msg, const struct coloop_peer *peer)
{
	const struct coloop_selectors *selectors =
		rcu_dereference_protected(peer->selectors, lockdep_is_held(&peer->lock));

	return nla_put_u32(msg, COLOOP_A_PEER_SELECTORS_ID, selectors ? selectors->id : 0);
}

static int nl_put_peer(struct sk_buff *msg, struct coloop_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	if (nla_put_u32(msg, COLOOP_A_PEER_DOMID, peer->domid) ||
	    nla_put_u32(msg, COLOOP_A_PEER_EPOCH, peer->epoch) ||
	    nla_put_string(msg, COLOOP_A_PEER_NAME, peer->name) ||
	    nla_put_u32(msg, COLOOP_A_PEER_BUSY_POLL, peer->channel.busy_poll_us) ||
	    nla_put_u32(msg, COLOOP_A_PEER_FRAG_PAGES, peer->channel.frag_pages) ||
	    (READ_ONCE(peer->wanted) && nla_put_flag(msg, COLOOP_A_PEER_WANTED)))
		return -EMSGSIZE;
	return nl_put_selectors_id(msg, peer) ?:
	       nl_put_links(msg, peer) ?:
	       nl_put_channel(msg, &peer->channel) ?:
	       nl_put_ordinary(msg, peer);
}

static int nl_fill_peer(struct sk_buff *msg, struct coloop_peer *peer, u32 portid, u32 seq,
			int flags, u8 cmd)
{
	void *header = genlmsg_put(msg, portid, seq, &family, flags, cmd);

	if (!header)
		return -EMSGSIZE;
	if (nl_put_peer(msg, peer)) {
		genlmsg_cancel(msg, header);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return 0;
}

/* As after a full socket buffer: listeners know that they missed something, and read anew. */
static void nl_lose_notification(struct sk_buff *msg)
{
	nlmsg_free(msg);
	genl_set_err(&family, &init_net, 0, COLOOP_NLGRP_EVENTS, -ENOBUFS);
}

void coloop_nl_notify(struct coloop_peer *peer, u8 cmd)
{
	struct sk_buff *msg;

	if (!genl_has_listeners(&family, &init_net, COLOOP_NLGRP_EVENTS))
		return;
	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg || nl_fill_peer(msg, peer, 0, 0, 0, cmd)) {
		nl_lose_notification(msg);
		return;
	}
	genlmsg_multicast(&family, msg, 0, COLOOP_NLGRP_EVENTS, GFP_KERNEL);
}

void coloop_nl_announce(u8 cmd)
{
	struct sk_buff *msg = genlmsg_new(GENL_HDRLEN, GFP_KERNEL);
	void *header = msg ? genlmsg_put(msg, 0, 0, &family, 0, cmd) : NULL;

	if (!header) {
		nl_lose_notification(msg);
		return;
	}
	genlmsg_end(msg, header);
	genlmsg_multicast(&family, msg, 0, COLOOP_NLGRP_EVENTS, GFP_KERNEL);
}

static int nl_reply_peer(struct coloop_peer *peer, struct genl_info *info, u8 cmd)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!msg)
		return -ENOMEM;
	if (nl_fill_peer(msg, peer, info->snd_portid, info->snd_seq, 0, cmd)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	return genlmsg_reply(msg, info);
}

/* Takes a reference and the lock. */
static struct coloop_peer *nl_lock_peer(struct genl_info *info)
{
	struct coloop_peer *peer;
	u32 domid;

	if (!coloop_request_has(info, COLOOP_A_PEER_DOMID, "domid"))
		return ERR_PTR(-EINVAL);
	domid = nla_get_u32(info->attrs[COLOOP_A_PEER_DOMID]);
	peer = coloop_peer_get(domid);
	if (peer) {
		mutex_lock(&peer->lock);
		if (!peer->is_dead)
			return peer;
		mutex_unlock(&peer->lock);
		coloop_peer_put(peer);
	}
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[COLOOP_A_PEER_DOMID],
			    "the domain is no peer");
	return ERR_PTR(-ENOENT);
}

static void nl_unlock_peer(struct coloop_peer *peer)
{
	mutex_unlock(&peer->lock);
	coloop_peer_put(peer);
}

/* As nl_lock_peer(), for requests that must name the epoch we live in. */
static struct coloop_peer *nl_lock_peer_epoch(struct genl_info *info)
{
	struct coloop_peer *peer = nl_lock_peer(info);

	if (IS_ERR(peer))
		return peer;
	if (coloop_request_has(info, COLOOP_A_PEER_EPOCH, "epoch")) {
		u32 epoch = nla_get_u32(info->attrs[COLOOP_A_PEER_EPOCH]);

		if (epoch == peer->epoch)
			return peer;
		NL_SET_ERR_MSG_FMT_MOD(info->extack, "the epoch is %u, not %u", peer->epoch,
				       epoch);
	}
	nl_unlock_peer(peer);
	return ERR_PTR(-ESTALE);
}

int coloop_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_peer_config config;
	int ret;

	ret = coloop_request_new_peer(&config, info);
	return ret ?: coloop_peer_create(&config, info->extack);
}

int coloop_nl_peer_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_peer_config config;
	int ret;

	ret = coloop_request_peer(&config, info);
	return ret ?: coloop_peer_change(&config, info->extack);
}

int coloop_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret;

	if (!coloop_request_has(info, COLOOP_A_PEER_DOMID, "domid"))
		return -EINVAL;
	ret = coloop_peer_remove(nla_get_u32(info->attrs[COLOOP_A_PEER_DOMID]),
				 COLOOP_REASON_PEER_REMOVED);
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[COLOOP_A_PEER_DOMID],
				    "the domain is no peer");
	return ret;
}

int coloop_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_peer *peer = nl_lock_peer(info);
	int ret;

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	coloop_peer_rearm_counts(peer);
	ret = nl_reply_peer(peer, info, COLOOP_CMD_PEER_GET);
	nl_unlock_peer(peer);
	return ret;
}

/* The peer with the lowest domid from @domid on, with a reference. */
static struct coloop_peer *nl_next_peer(u32 domid)
{
	struct coloop_peer *peer, *next = NULL;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(peer, &coloop_peers, entry) {
		if (peer->domid >= domid && (!next || peer->domid < next->domid))
			next = peer;
	}
	if (next)
		kref_get(&next->refcount);
	mutex_unlock(&coloop_peers_lock);
	return next;
}

/* Goes on after the last domid that fitted, so peers may come and go between two calls. */
int coloop_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct coloop_peer *peer;

	while ((peer = nl_next_peer(cb->args[0]))) {
		int ret;

		mutex_lock(&peer->lock);
		coloop_peer_rearm_counts(peer);
		ret = nl_fill_peer(skb, peer, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				   NLM_F_MULTI, COLOOP_CMD_PEER_GET);
		if (!ret)
			cb->args[0] = peer->domid + 1;
		nl_unlock_peer(peer);
		if (ret)
			return skb->len ?: ret;
	}
	return skb->len;
}

int coloop_nl_channel_offer_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_offer offer;
	struct coloop_peer *peer;
	int ret;

	ret = coloop_request_offer(&offer, info);
	if (ret)
		return ret;
	peer = nl_lock_peer_epoch(info);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	ret = coloop_channel_offer(&peer->channel, &offer, info->extack);
	if (!ret) {
		ret = nl_reply_peer(peer, info, COLOOP_CMD_CHANNEL_OFFER);
		/* Nobody knows what could be attached to. */
		if (ret)
			coloop_channel_close(&peer->channel, COLOOP_REASON_ASKED);
	}
	nl_unlock_peer(peer);
	return ret;
}

int coloop_nl_channel_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_attach attach;
	struct coloop_peer *peer;
	int ret;

	ret = coloop_request_attach(&attach, info);
	if (ret)
		return ret;
	peer = nl_lock_peer_epoch(info);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	ret = coloop_channel_attach(&peer->channel, attach.control_ref, attach.port,
				    info->extack);
	nl_unlock_peer(peer);
	return ret;
}

int coloop_nl_channel_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct coloop_peer *peer = nl_lock_peer(info);

	if (IS_ERR(peer))
		return PTR_ERR(peer);
	coloop_channel_close(&peer->channel, COLOOP_REASON_ASKED);
	nl_unlock_peer(peer);
	return 0;
}

static unsigned int nl_count_peers(void)
{
	const struct coloop_peer *peer;
	unsigned int count = 0;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(peer, &coloop_peers, entry)
		count++;
	mutex_unlock(&coloop_peers_lock);
	return count;
}

static int nl_put_info(struct sk_buff *msg)
{
	return nla_put_u32(msg, COLOOP_A_INFO_PROTOCOL_MIN, COLOOP_PROTOCOL_MIN) ||
	       nla_put_u32(msg, COLOOP_A_INFO_PROTOCOL_MAX, COLOOP_PROTOCOL_MAX) ||
	       nla_put_u32(msg, COLOOP_A_INFO_FEATURES, COLOOP_FEATURES) ||
	       nla_put_u32(msg, COLOOP_A_INFO_IFINDEX, coloop_dev->ifindex) ||
	       nla_put_u32(msg, COLOOP_A_INFO_PEERS, nl_count_peers()) ||
	       nla_put_u32(msg, COLOOP_A_INFO_CHANNELS, atomic_read(&coloop_channels_up)) ||
	       nla_put_u32(msg, COLOOP_A_INFO_GRANTS, atomic_read(&coloop_grants_held)) ||
	       nla_put_u32(msg, COLOOP_A_INFO_MAPS, atomic_read(&coloop_maps_held)) ||
	       nla_put_u32(msg, COLOOP_A_INFO_PORTS, atomic_read(&coloop_ports_held)) ||
	       nla_put_u32(msg, COLOOP_A_INFO_DEFERRED, atomic_read(&coloop_pages_waiting)) ||
	       nla_put_u32(msg, COLOOP_A_INFO_GRANT_LIMIT, coloop_grants_limit()) ||
	       nla_put_string(msg, COLOOP_A_INFO_MODULE_VERSION, THIS_MODULE->version);
}

int coloop_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *header;

	if (!msg)
		return -ENOMEM;
	header = genlmsg_put_reply(msg, info, &family, 0, COLOOP_CMD_INFO_GET);
	if (!header || nl_put_info(msg)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, header);
	return genlmsg_reply(msg, info);
}

static struct genl_family family = {
	.name = COLOOP_FAMILY_NAME,
	.version = COLOOP_FAMILY_VERSION,
	.module = THIS_MODULE,
	/* Closing a channel waits for its rings; that must not hold up other families. */
	.parallel_ops = true,
	.ops = coloop_nl_ops,
	.n_ops = ARRAY_SIZE(coloop_nl_ops),
	.mcgrps = coloop_nl_mcgrps,
	.n_mcgrps = ARRAY_SIZE(coloop_nl_mcgrps),
};

int coloop_nl_init(void)
{
	return genl_register_family(&family);
}

void coloop_nl_uninit(void)
{
	genl_unregister_family(&family);
}
