// SPDX-License-Identifier: GPL-2.0

#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

struct net_device *coloop_dev;

void coloop_device_return(struct sk_buff *skb, struct net_device *lower)
{
	/*
	 * Only the hook made one record of a datagram above the MTU.  The lower device cannot cut
	 * it, and the stack cuts a list of fragments only where it came from its own receive path.
	 */
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP && skb_linearize(skb)) {
		dev_core_stats_tx_dropped_inc(coloop_dev);
		kfree_skb(skb);
		return;
	}
	skb->dev = lower;
	dev_queue_xmit(skb);
}

static netdev_tx_t transmit(struct sk_buff *skb, struct net_device *dev)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	struct coloop_link *link;

	rcu_read_lock();
	link = coloop_link_find(eth->h_source, eth->h_dest);
	if (unlikely(!link))
		goto drop_no_peer;
	if (unlikely(coloop_send(&link->peer->channel, skb) == COLOOP_REFUSED)) {
		atomic64_inc(&link->peer->channel.returned);
		coloop_device_return(skb, link->dev);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;

drop_no_peer:
	/* Nobody sends here but our hook, or somebody by hand (a raw socket, IPv6's own). */
	rcu_read_unlock();
	dev_core_stats_tx_dropped_inc(dev);
	trace_coloop_drop(DOMID_INVALID, COLOOP_DROP_NO_PEER, skb->len);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

static int open(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);

	/* No address of its own: what is sent here belongs to the lower devices. */
	if (idev)
		idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

static int stop(struct net_device *dev)
{
	return 0;
}

static const struct net_device_ops device_ops = {
	.ndo_open = open,
	.ndo_stop = stop,
	.ndo_start_xmit = transmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

static void free_device(struct net_device *dev)
{
	free_percpu(dev->tstats);
	dev->tstats = NULL;
}

static void setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |
		NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_GSO_UDP |
		(COLOOP_COMPAT_UDP_SEGMENTS ? NETIF_F_GSO_UDP_L4 : 0);

	ether_setup(dev);
	dev->netdev_ops = &device_ops;
	dev->priv_destructor = free_device;
	dev->flags = IFF_NOARP;
	/* Whoever prints while he holds a lock of ours would wait for himself. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_DISABLE_NETPOLL;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->features |= features;
	dev->hw_features |= features;
	dev->max_mtu = ETH_MAX_MTU;
	/* A record takes any packet IP can make; lower devices limit what they are asked for. */
	coloop_compat_gso_max_size(dev, COLOOP_FRAME_MAX + 1);
	coloop_compat_device_flags(dev);
	eth_hw_addr_random(dev);
}

/* Past taps and ingress chains of coloop0 a packet arrives where it would have without us. */
static rx_handler_result_t hand_down(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	const struct ethhdr *eth = eth_hdr(skb);
	struct coloop_link *link = coloop_link_find(eth->h_dest, eth->h_source);

	if (!link) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}
	skb->dev = link->dev;
	skb->pkt_type = PACKET_HOST;
	return RX_HANDLER_ANOTHER;
}

static int register_device(struct net_device *dev)
{
	int ret;

	rtnl_lock();
	ret = register_netdevice(dev);
	if (ret)
		goto out;
	ret = netdev_rx_handler_register(dev, hand_down, NULL);
	if (!ret)
		ret = dev_open(dev, NULL);
	if (ret)
		unregister_netdevice(dev);
out:
	rtnl_unlock();
	return ret;
}

int coloop_device_init(void)
{
	int ret;

	coloop_dev = alloc_netdev(0, "coloop%d", NET_NAME_ENUM, setup);
	if (!coloop_dev)
		return -ENOMEM;
	coloop_dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	ret = coloop_dev->tstats ? register_device(coloop_dev) : -ENOMEM;
	if (ret) {
		free_percpu(coloop_dev->tstats);
		coloop_dev->tstats = NULL;
		free_netdev(coloop_dev);
	}
	return ret;
}

void coloop_device_uninit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(coloop_dev);
	unregister_netdevice(coloop_dev);
	rtnl_unlock();
	free_netdev(coloop_dev);
}
