// SPDX-License-Identifier: GPL-2.0

#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"
#include "trace.h"

#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/rtnetlink.h>

struct net_device *coloop_dev;

/* Only our hook diverts; what is sent here by hand (a raw socket, IPv6's own) has no peer. */
static netdev_tx_t device_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_core_stats_tx_dropped_inc(dev);
	trace_coloop_drop(DOMID_INVALID, COLOOP_DROP_NO_PEER, skb->len);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/* What the peer takes in one record; nothing that a capture here would see in parts. */
static u32 device_link_takes(const struct coloop_link *link)
{
	return coloop_cut_is_captured(link->dev) ?
		       0 :
		       READ_ONCE(link->peer->channel.remote_features);
}

/*
 * What a record can say depends on the peer that it is for: an older one may not take every kind of
 * packet that our stack leaves whole.  It is cut then, so that all of a flow crosses, in order.
 */
static netdev_features_t device_features_check(struct sk_buff *skb, struct net_device *dev,
					       netdev_features_t features)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;
	const struct coloop_link *link;
	u32 takes = 0;

	if (!skb_is_gso(skb) || (skb->len <= COLOOP_FRAME_MAX &&
				 !(skb_shinfo(skb)->gso_type & (SKB_GSO_UDP | SKB_GSO_UDP_L4))))
		return features;
	rcu_read_lock();
	link = coloop_link_find(eth->h_source, eth->h_dest);
	if (link)
		takes = device_link_takes(link);
	if (skb->len > COLOOP_FRAME_MAX &&
	    !(link && coloop_large_crosses(&link->peer->channel, skb)))
		features &= ~NETIF_F_GSO_MASK;
	rcu_read_unlock();
	if (!(takes & COLOOP_FEATURE_LARGE_DATAGRAMS))
		features &= ~NETIF_F_GSO_UDP;
	if (!(takes & COLOOP_FEATURE_UDP_SEGMENTS))
		features &= ~NETIF_F_GSO_UDP_L4;
	return features;
}

static int device_open(struct net_device *dev)
{
	struct inet6_dev *idev = __in6_dev_get(dev);

	/* address.c would refuse it, and the stack would log that. */
	if (idev)
		idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

static const struct net_device_ops device_ops = {
	.ndo_open = device_open,
	.ndo_start_xmit = device_xmit,
	.ndo_features_check = device_features_check,
	.ndo_get_stats64 = dev_get_tstats64,
};

/* What makes it no Ethernet card in the eyes of network managers. */
static const struct device_type device_type = {
	.name = "coloop",
};

static int device_validate(struct nlattr *tb[], struct nlattr *data[],
			   struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG_MOD(extack, "the device comes and goes with the module");
	return -EOPNOTSUPP;
}

/* For `ip -d link show type coloop`.  Without a setup routine nobody can create or delete one. */
static struct rtnl_link_ops device_link_ops __read_mostly = {
	.kind = "coloop",
	.validate = device_validate,
};

static void device_free(struct net_device *dev)
{
	free_percpu(dev->tstats);
	dev->tstats = NULL;
}

static void device_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_HIGHDMA |
		NETIF_F_HW_CSUM | NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_GSO_UDP |
		(COLOOP_COMPAT_UDP_SEGMENTS ? NETIF_F_GSO_UDP_L4 : 0);

	ether_setup(dev);
	dev->netdev_ops = &device_ops;
	dev->rtnl_link_ops = &device_link_ops;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->priv_destructor = device_free;
	dev->flags = IFF_NOARP;
	/* Whoever prints while he holds a lock of ours would wait for himself. */
	dev->priv_flags |= IFF_NO_QUEUE | IFF_DISABLE_NETPOLL;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->features |= features;
	dev->hw_features |= features;
	dev->max_mtu = ETH_MAX_MTU;
	/* Packets above COLOOP_FRAME_MAX are made for sockets that large.c allows them alone. */
	coloop_compat_gso_max_size(dev, COLOOP_LARGE_MAX + 1);
	coloop_compat_device_flags(dev);
	eth_hw_addr_random(dev);
}

/* Past taps and ingress chains of coloop0 a packet arrives where it would have without us. */
static rx_handler_result_t device_rx_handler(struct sk_buff **pskb)
{
	struct sk_buff *skb = *pskb;
	const struct ethhdr *eth = eth_hdr(skb);
	struct coloop_link *link = coloop_link_find(eth->h_dest, eth->h_source);

	if (!link) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}
	skb->dev = link->dev;
	return RX_HANDLER_ANOTHER;
}

static int device_add_netdev(struct net_device *dev)
{
	int ret;

	rtnl_lock();
	ret = register_netdevice(dev);
	if (ret)
		goto err_unlock;
	ret = netdev_rx_handler_register(dev, device_rx_handler, NULL);
	if (ret)
		goto err_unregister;
	ret = dev_open(dev, NULL);
	if (ret)
		goto err_rx_handler;
	rtnl_unlock();
	return 0;

err_rx_handler:
	netdev_rx_handler_unregister(dev);
err_unregister:
	unregister_netdevice(dev);
err_unlock:
	rtnl_unlock();
	return ret;
}

static int device_make(void)
{
	int ret;

	coloop_dev = alloc_netdev(0, "coloop%d", NET_NAME_ENUM, device_setup);
	if (!coloop_dev)
		return -ENOMEM;
	coloop_dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	ret = coloop_dev->tstats ? device_add_netdev(coloop_dev) : -ENOMEM;
	if (ret) {
		free_percpu(coloop_dev->tstats);
		coloop_dev->tstats = NULL;
		free_netdev(coloop_dev);
	}
	return ret;
}

int coloop_device_init(void)
{
	int ret;

	ret = rtnl_link_register(&device_link_ops);
	if (ret)
		return ret;
	ret = device_make();
	if (ret)
		rtnl_link_unregister(&device_link_ops);
	return ret;
}

void coloop_device_uninit(void)
{
	rtnl_lock();
	netdev_rx_handler_unregister(coloop_dev);
	unregister_netdevice(coloop_dev);
	rtnl_unlock();
	free_netdev(coloop_dev);
	/* Not before: it would delete devices of its kind. */
	rtnl_link_unregister(&device_link_ops);
}
