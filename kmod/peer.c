// SPDX-License-Identifier: GPL-2.0

#include "peer.h"
#include "egress.h"
#include "lower.h"
#include "netlink.h"
#include "peerlookup.h"
#include "recent.h"
#include "request.h"
#include "queueing.h"
#include "release.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

DEFINE_MUTEX(coloop_peers_lock); /* guards coloop_peers and every peer's links */
LIST_HEAD(coloop_peers);

static struct workqueue_struct *peer_wq;

static void peer_free_link_rcu(struct rcu_head *rcu)
{
	struct coloop_link *link = container_of(rcu, struct coloop_link, rcu);

	dev_put(link->dev);
	kfree(link);
}

static void peer_unlink(struct coloop_link *link)
{
	coloop_link_remove(link);
	coloop_egress_put(link->egress);
	list_del(&link->peer_entry);
	call_rcu(&link->rcu, peer_free_link_rcu);
}

static void peer_unlink_all(struct coloop_peer *peer)
{
	struct coloop_link *link, *next;

	list_for_each_entry_safe(link, next, &peer->links, peer_entry)
		peer_unlink(link);
}

static int peer_link(struct coloop_peer *peer, const struct coloop_peer_config *config,
		     unsigned int i, struct netlink_ext_ack *extack)
{
	struct coloop_link *link = kzalloc(sizeof(*link), GFP_KERNEL);
	int ret;

	if (!link)
		return -ENOMEM;
	link->dev = dev_get_by_index(&init_net, config->link[i].ifindex);
	if (!link->dev) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "no device has index %d", config->link[i].ifindex);
		ret = -ENODEV;
		goto err_free;
	}
	if (link->dev == coloop_dev || link->dev->type != ARPHRD_ETHER) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s cannot be a lower device", link->dev->name);
		ret = -EINVAL;
		goto err_put_device;
	}
	ether_addr_copy(link->local, config->link[i].local);
	ether_addr_copy(link->remote, config->link[i].remote);
	link->mtu = config->link[i].mtu;
	link->peer = peer;
	link->egress = coloop_egress_get(link->dev, extack);
	if (IS_ERR(link->egress)) {
		ret = PTR_ERR(link->egress);
		goto err_put_device;
	}
	ret = coloop_link_insert(link);
	if (ret) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "address pair %pM, %pM belongs to another link",
				       link->local, link->remote);
		goto err_put_egress;
	}
	list_add_tail(&link->peer_entry, &peer->links);
	return 0;

err_put_egress:
	coloop_egress_put(link->egress);
err_put_device:
	dev_put(link->dev);
err_free:
	kfree(link);
	return ret;
}

static int peer_link_all(struct coloop_peer *peer, const struct coloop_peer_config *config,
			 struct netlink_ext_ack *extack)
{
	unsigned int i;
	int ret;

	for (i = 0; i < config->links; i++) {
		ret = peer_link(peer, config, i, extack);
		if (ret) {
			peer_unlink_all(peer);
			return ret;
		}
	}
	return 0;
}

static bool peer_has_links(const struct coloop_peer *peer, const struct coloop_peer_config *config)
{
	const struct coloop_link *link;
	unsigned int i = 0;

	list_for_each_entry(link, &peer->links, peer_entry) {
		if (i == config->links || link->dev->ifindex != config->link[i].ifindex ||
		    !ether_addr_equal(link->local, config->link[i].local) ||
		    !ether_addr_equal(link->remote, config->link[i].remote))
			return false;
		i++;
	}
	return i == config->links;
}

/* Of links that are the same otherwise. */
static void peer_set_mtus(struct coloop_peer *peer, const struct coloop_peer_config *config)
{
	struct coloop_link *link;
	unsigned int i = 0;

	list_for_each_entry(link, &peer->links, peer_entry)
		WRITE_ONCE(link->mtu, config->link[i++].mtu);
}

static struct coloop_peer *peer_find(domid_t domid)
{
	struct coloop_peer *peer;

	lockdep_assert_held(&coloop_peers_lock);
	list_for_each_entry(peer, &coloop_peers, entry) {
		if (peer->domid == domid)
			return peer;
	}
	return NULL;
}

struct coloop_peer *coloop_peer_get(domid_t domid)
{
	struct coloop_peer *peer;

	mutex_lock(&coloop_peers_lock);
	peer = peer_find(domid);
	if (peer)
		kref_get(&peer->refcount);
	mutex_unlock(&coloop_peers_lock);
	return peer;
}

bool coloop_peer_selects(const struct coloop_peer *peer, const struct sk_buff *skb)
{
	const struct coloop_selectors *selectors =
		rcu_dereference_check(peer->selectors, rcu_read_lock_bh_held());
	struct coloop_flow flow;

	if (!selectors)
		return true;
	coloop_flow_read(&flow, skb);
	return coloop_recent_take(selectors, &flow);
}

/* When no reader is left. */
static void peer_free(struct coloop_peer *peer)
{
	kfree(rcu_dereference_protected(peer->selectors, true));
	kvfree(peer);
}

static void peer_free_rcu(struct rcu_head *rcu)
{
	peer_free(container_of(rcu, struct coloop_peer, rcu));
}

static void peer_release(struct kref *refcount)
{
	struct coloop_peer *peer = container_of(refcount, struct coloop_peer, refcount);

	pr_debug("peer %u destroyed\n", peer->domid);
	/* The hook and the transmitter may still look at it. */
	call_rcu(&peer->rcu, peer_free_rcu);
}

void coloop_peer_put(struct coloop_peer *peer)
{
	kref_put(&peer->refcount, peer_release);
}

void coloop_peer_post(struct coloop_peer *peer, enum coloop_todo todo)
{
	set_bit(todo, &peer->todo);
	queue_work(peer_wq, &peer->work);
}

void coloop_peer_unpost_channel(struct coloop_peer *peer)
{
	clear_bit(COLOOP_TODO_LIVE, &peer->todo);
	clear_bit(COLOOP_TODO_CLOSE, &peer->todo);
	clear_bit(COLOOP_TODO_FAULT, &peer->todo);
	clear_bit(COLOOP_TODO_TIMEOUT, &peer->todo);
	clear_bit(COLOOP_TODO_GRANT, &peer->todo);
	clear_bit(COLOOP_TODO_MAP, &peer->todo);
}

void coloop_peer_want(struct coloop_peer *peer)
{
	if (!READ_ONCE(peer->wanted) && !xchg(&peer->wanted, 1))
		coloop_peer_post(peer, COLOOP_TODO_WANT);
}

void coloop_peer_notify_counts(struct coloop_peer *peer)
{
	if (!READ_ONCE(peer->counts_notified) && !xchg(&peer->counts_notified, 1))
		coloop_peer_post(peer, COLOOP_TODO_COUNTS);
}

void coloop_peer_rearm_counts(struct coloop_peer *peer)
{
	/* What is counted from here on, and may not be read any more, is notified again. */
	xchg(&peer->counts_notified, 0);
}

static bool peer_take_todo(struct coloop_peer *peer, enum coloop_todo todo)
{
	return test_and_clear_bit(todo, &peer->todo);
}

/* Still?  The control plane may have named new links since. */
static bool peer_is_unlinked(const struct coloop_peer *peer)
{
	bool ret;

	mutex_lock(&coloop_peers_lock);
	ret = list_empty(&peer->links);
	mutex_unlock(&coloop_peers_lock);
	return ret;
}

/* Ends the channel while a lower device may not receive, and says when that has changed. */
static void peer_follow_lower(struct coloop_peer *peer)
{
	bool is_blocked = coloop_lower_check(peer, NULL);

	if (is_blocked)
		coloop_channel_close(&peer->channel, COLOOP_REASON_BLOCKED);
	if (is_blocked == peer->is_blocked)
		return;
	peer->is_blocked = is_blocked;
	coloop_nl_notify(peer, COLOOP_CMD_CHANNEL_NTF);
}

static void peer_work(struct work_struct *work)
{
	struct coloop_peer *peer = container_of(work, struct coloop_peer, work);
	struct coloop_channel *ch = &peer->channel;

	mutex_lock(&peer->lock);
	if (peer->is_dead)
		goto out;
	if (peer_take_todo(peer, COLOOP_TODO_LIVE))
		coloop_channel_go_live(ch);
	if (peer_take_todo(peer, COLOOP_TODO_FAULT))
		coloop_channel_fail(ch);
	if (peer_take_todo(peer, COLOOP_TODO_CLOSE))
		coloop_channel_close(ch, COLOOP_REASON_PEER_CLOSED);
	if (peer_take_todo(peer, COLOOP_TODO_TIMEOUT))
		coloop_channel_expire(ch);
	if (peer_take_todo(peer, COLOOP_TODO_MARKER))
		coloop_marker_answer(ch);
	if (peer_take_todo(peer, COLOOP_TODO_GRANT))
		coloop_blocks_grow(ch);
	if (peer_take_todo(peer, COLOOP_TODO_MAP))
		coloop_foreign_map(ch);
	if (peer_take_todo(peer, COLOOP_TODO_UNLINKED) && peer_is_unlinked(peer))
		coloop_channel_close(ch, COLOOP_REASON_DEVICE);
	if (peer_take_todo(peer, COLOOP_TODO_LOWER))
		peer_follow_lower(peer);
	if (peer_take_todo(peer, COLOOP_TODO_WANT))
		coloop_nl_notify(peer, COLOOP_CMD_WANT_NTF);
	if (peer_take_todo(peer, COLOOP_TODO_COUNTS))
		coloop_nl_notify(peer, COLOOP_CMD_COUNTS_NTF);
out:
	mutex_unlock(&peer->lock);
}

static void peer_set_busy_poll(struct coloop_peer *peer, const struct coloop_peer_config *config)
{
	struct coloop_channel *ch = &peer->channel;

	if (!config->busy_poll_us)
		return;
	if (*config->busy_poll_us)
		WRITE_ONCE(ch->busy_poll_given, *config->busy_poll_us);
	WRITE_ONCE(ch->busy_poll_us, *config->busy_poll_us);
}

/* What is granted stays so until the channel ends; with 0 sockets have no part in it any more. */
static void peer_set_frag_pages(struct coloop_peer *peer, const struct coloop_peer_config *config)
{
	if (config->frag_pages)
		WRITE_ONCE(peer->channel.frag_pages, *config->frag_pages);
}

static struct coloop_peer *peer_alloc(const struct coloop_peer_config *config,
				      struct coloop_selectors *selectors)
{
	struct coloop_peer *peer = kvzalloc(sizeof(*peer), GFP_KERNEL);

	if (!peer)
		return NULL;
	RCU_INIT_POINTER(peer->selectors, selectors);
	peer->domid = config->domid;
	peer->epoch = config->epoch;
	strscpy(peer->name, config->name, sizeof(peer->name));
	mutex_init(&peer->lock);
	kref_init(&peer->refcount);
	INIT_LIST_HEAD(&peer->links);
	INIT_WORK(&peer->work, peer_work);
	coloop_channel_init(&peer->channel);
	peer->channel.frag_pages = COLOOP_FRAG_PAGES_DEFAULT;
	peer_set_busy_poll(peer, config);
	peer_set_frag_pages(peer, config);
	return peer;
}

/* NULL: none in the request, or no more. */
static struct coloop_selectors *peer_make_selectors(const struct coloop_peer_config *config,
						    struct netlink_ext_ack *extack)
{
	struct coloop_selectors *selectors;

	if (!config->selectors)
		return NULL;
	selectors = coloop_selectors_make(config->selectors, extack);
	if (!IS_ERR_OR_NULL(selectors))
		coloop_recent_set_serial(selectors);
	return selectors;
}

int coloop_peer_create(const struct coloop_peer_config *config, struct netlink_ext_ack *extack)
{
	struct coloop_selectors *selectors = peer_make_selectors(config, extack);
	struct coloop_peer *peer;
	int ret;

	if (IS_ERR(selectors))
		return PTR_ERR(selectors);
	peer = peer_alloc(config, selectors);
	if (!peer) {
		kfree(selectors);
		return -ENOMEM;
	}
	mutex_lock(&coloop_peers_lock);
	if (peer_find(config->domid)) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "domain %u is a peer already", config->domid);
		ret = -EEXIST;
		goto err_unlock;
	}
	ret = peer_link_all(peer, config, extack);
	if (ret)
		goto err_unlock;
	list_add_tail(&peer->entry, &coloop_peers);
	coloop_peer_post(peer, COLOOP_TODO_LOWER);
	mutex_unlock(&coloop_peers_lock);
	pr_debug("peer %u created\n", peer->domid);
	return 0;

err_unlock:
	mutex_unlock(&coloop_peers_lock);
	/* A link that was found for a moment may have let a reader see the peer, and want it. */
	synchronize_net();
	cancel_work_sync(&peer->work);
	peer_free(peer);
	return ret;
}

static void peer_set_selectors(struct coloop_peer *peer, struct coloop_selectors *selectors)
{
	struct coloop_selectors *before =
		rcu_dereference_protected(peer->selectors, lockdep_is_held(&peer->lock));

	if (!selectors && !before)
		return;
	coloop_channel_pause(&peer->channel);
	rcu_assign_pointer(peer->selectors, selectors);
	coloop_channel_resume(&peer->channel);
	if (before)
		kfree_rcu(before, rcu);
}

static int peer_change(struct coloop_peer *peer, const struct coloop_peer_config *config,
		       struct netlink_ext_ack *extack)
{
	struct coloop_selectors *selectors;
	bool relink;
	int ret;

	/* Whoever removed it has seen to its links, and would not see new ones. */
	if (peer->is_dead)
		return -ENOENT;
	selectors = peer_make_selectors(config, extack);
	if (IS_ERR(selectors))
		return PTR_ERR(selectors);
	mutex_lock(&coloop_peers_lock);
	relink = config->links && !peer_has_links(peer, config);
	if (config->links && !relink)
		peer_set_mtus(peer, config);
	mutex_unlock(&coloop_peers_lock);
	if (config->epoch != peer->epoch || relink) {
		coloop_channel_close(&peer->channel, COLOOP_REASON_EPOCH);
		peer->epoch = config->epoch;
		WRITE_ONCE(peer->wanted, 0);
	}
	if (config->name)
		strscpy(peer->name, config->name, sizeof(peer->name));
	peer_set_busy_poll(peer, config);
	if (config->selectors)
		peer_set_selectors(peer, selectors);
	peer_set_frag_pages(peer, config);
	if (!relink)
		return 0;
	mutex_lock(&coloop_peers_lock);
	peer_unlink_all(peer);
	ret = peer_link_all(peer, config, extack);
	coloop_peer_post(peer, COLOOP_TODO_LOWER);
	mutex_unlock(&coloop_peers_lock);
	return ret;
}

int coloop_peer_change(const struct coloop_peer_config *config, struct netlink_ext_ack *extack)
{
	struct coloop_peer *peer = coloop_peer_get(config->domid);
	int ret = -ENOENT;

	if (peer) {
		mutex_lock(&peer->lock);
		ret = peer_change(peer, config, extack);
		mutex_unlock(&peer->lock);
		coloop_peer_put(peer);
	}
	if (ret == -ENOENT)
		NL_SET_ERR_MSG_FMT_MOD(extack, "domain %u is no peer", config->domid);
	return ret;
}

/* First half of a peer's death: off the list, it is found no more; its channel starts to close. */
static void peer_mark_dead(struct coloop_peer *peer, enum coloop_reason reason)
{
	mutex_lock(&peer->lock);
	coloop_channel_start_closing(&peer->channel, reason);
	peer->is_dead = true;
	mutex_unlock(&peer->lock);
}

/* Frees what the channel holds; its links are still there, so its backlog could go back. */
static void peer_finish_channel(struct coloop_peer *peer, unsigned long deadline)
{
	mutex_lock(&peer->lock);
	coloop_channel_finish_closing(&peer->channel, deadline);
	mutex_unlock(&peer->lock);
}

static void peer_release_sockets(const struct coloop_peer *peer)
{
	const struct coloop_channel *ch = &peer->channel;

	if (ch->frag_pages || ch->busy_poll_given)
		coloop_release_sockets(ch->busy_poll_given);
}

static void peer_forget(struct coloop_peer *peer)
{
	cancel_work_sync(&peer->work);
	coloop_channel_uninit(&peer->channel);
	coloop_peer_put(peer);
}

/*
 * Both halves, each for all of @dead, which nobody else has: so many peers wait once, together,
 * for their rings to run empty, and once for the readers of their links.
 */
static void peer_kill_all(struct list_head *dead, enum coloop_reason reason)
{
	struct coloop_peer *peer, *next;
	unsigned long deadline;

	if (list_empty(dead))
		return;
	list_for_each_entry(peer, dead, entry)
		peer_mark_dead(peer, reason);
	deadline = coloop_channel_drain_deadline();
	list_for_each_entry(peer, dead, entry)
		peer_finish_channel(peer, deadline);
	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(peer, dead, entry)
		peer_unlink_all(peer);
	mutex_unlock(&coloop_peers_lock);
	/* After this neither hook nor transmitter posts work for them, or sets a socket. */
	synchronize_net();
	list_for_each_entry_safe(peer, next, dead, entry) {
		peer_release_sockets(peer);
		peer_forget(peer);
	}
}

int coloop_peer_remove(domid_t domid, enum coloop_reason reason)
{
	struct coloop_peer *peer;
	LIST_HEAD(dead);

	mutex_lock(&coloop_peers_lock);
	peer = peer_find(domid);
	if (peer)
		list_move(&peer->entry, &dead);
	mutex_unlock(&coloop_peers_lock);
	if (!peer)
		return -ENOENT;
	peer_kill_all(&dead, reason);
	return 0;
}

void coloop_peer_remove_all(enum coloop_reason reason)
{
	LIST_HEAD(dead);

	mutex_lock(&coloop_peers_lock);
	list_splice_init(&coloop_peers, &dead);
	mutex_unlock(&coloop_peers_lock);
	peer_kill_all(&dead, reason);
}

/* True: the peer had a link there. */
static bool peer_unlink_device(struct coloop_peer *peer, const struct net_device *dev)
{
	bool had_links = !list_empty(&peer->links);
	struct coloop_link *link, *next;
	bool found = false;

	list_for_each_entry_safe(link, next, &peer->links, peer_entry) {
		if (link->dev != dev)
			continue;
		set_bit(COLOOP_UNLINKED, &peer->channel.flags);
		peer_unlink(link);
		coloop_peer_post(peer, COLOOP_TODO_LOWER);
		found = true;
	}
	if (had_links && list_empty(&peer->links))
		coloop_peer_post(peer, COLOOP_TODO_UNLINKED);
	return found;
}

/* What waits to be sent holds no reference to its device. */
static void peer_forget_device(struct coloop_peer *peer, const struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < COLOOP_QUEUES_MAX; i++)
		coloop_send_forget(&peer->channel.queue[i], dev);
}

/* The device became, or ceased to be, the active port of a bond; or got another XDP program. */
static void peer_device_changed(const struct net_device *dev)
{
	const struct coloop_link *link;
	struct coloop_peer *peer;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(peer, &coloop_peers, entry) {
		list_for_each_entry(link, &peer->links, peer_entry) {
			if (link->dev == dev)
				coloop_peer_post(peer, COLOOP_TODO_LOWER);
		}
	}
	mutex_unlock(&coloop_peers_lock);
}

/* A lower device that goes away must not wait for us. */
static void peer_device_gone(const struct net_device *dev)
{
	struct coloop_peer *peer;
	bool found = false;

	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(peer, &coloop_peers, entry)
		found |= peer_unlink_device(peer, dev);
	if (found) {
		/* Hooks that found a link have queued their packets, or sent them. */
		synchronize_net();
		list_for_each_entry(peer, &coloop_peers, entry)
			peer_forget_device(peer, dev);
	}
	mutex_unlock(&coloop_peers_lock);
}

static int peer_device_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	switch (event) {
	case NETDEV_UNREGISTER:
		peer_device_gone(dev);
		break;
	case NETDEV_CHANGE:
	case NETDEV_CHANGEUPPER:
	case NETDEV_CHANGELOWERSTATE:
		peer_device_changed(dev);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = peer_device_event,
};

int coloop_peer_init(void)
{
	int ret;

	coloop_peerlookup_init();
	peer_wq = alloc_workqueue("coloop", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!peer_wq)
		return -ENOMEM;
	ret = register_netdevice_notifier(&device_notifier);
	if (ret)
		destroy_workqueue(peer_wq);
	return ret;
}

/* All peers are gone by now: coloop_peer_remove_all(). */
void coloop_peer_uninit(void)
{
	unregister_netdevice_notifier(&device_notifier);
	destroy_workqueue(peer_wq);
	/* Links and peers free themselves from RCU callbacks. */
	rcu_barrier();
}
