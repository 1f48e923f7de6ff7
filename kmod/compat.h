/* SPDX-License-Identifier: GPL-2.0 */
/* Every difference between supported kernels, each with the version at which it can go. */

#ifndef _COLOOP_COMPAT_H
#define _COLOOP_COMPAT_H

#include <linux/atomic.h>
#include <linux/container_of.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/skbuff.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h> /* was part of netdevice.h and skbuff.h */
#endif

/*
 * 6.12 made lockless transmission and the bond to a namespace flags of their own.  The latter got
 * its present name in 6.15 and in the stable kernels of 6.12, so Kbuild looks which it is.
 */
static inline void coloop_compat_device_flags(struct net_device *dev)
{
#if defined(NETIF_F_NETNS_LOCAL)
	dev->features |= NETIF_F_NETNS_LOCAL;
#elif defined(COLOOP_COMPAT_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#else
	dev->netns_local = true;
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/*
 * 7.2 warns of a work queue that names neither WQ_UNBOUND nor WQ_PERCPU.  Without a word it is
 * bound to its caller's CPU as ever.  Older kernels lack the name; stable ones of 6.12 have it.
 */
#ifdef COLOOP_COMPAT_HAS_WQ_PERCPU
#define COLOOP_COMPAT_WQ_PERCPU WQ_PERCPU
#else
#define COLOOP_COMPAT_WQ_PERCPU 0
#endif

/* 6.3 gave IPv4 a limit of its own. */
static inline void coloop_compat_gso_max_size(struct net_device *dev, unsigned int size)
{
	dev->gso_max_size = size;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	dev->gso_ipv4_max_size = size;
#endif
}

/* Since 6.3 the length 0 of IPv4 says that a packet of TCP is larger than it can say. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define COLOOP_COMPAT_LARGE_IPV4 1
#else
#define COLOOP_COMPAT_LARGE_IPV4 0
#endif

/*
 * That of IPv6 says so since 7.1; before that it took a jumbo payload option, which Kbuild looks
 * for.
 */
#ifdef COLOOP_COMPAT_HAS_JUMBO_OPTION
#define COLOOP_COMPAT_LARGE_IPV6_JUMBO 1
#else
#define COLOOP_COMPAT_LARGE_IPV6_JUMBO 0
#endif

/* Until 6.2 virtio_net_hdr_to_skb() did not know UDP segments. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define COLOOP_COMPAT_UDP_SEGMENTS 1
#else
#define COLOOP_COMPAT_UDP_SEGMENTS 0
#endif

/* 6.6 replaced the classic miniq pointers by tcx entries. */
static inline bool coloop_compat_has_tc_ingress(const struct net_device *dev)
{
#ifdef CONFIG_NET_XGRESS
	return rcu_access_pointer(dev->tcx_ingress);
#elif defined(CONFIG_NET_CLS_ACT) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return rcu_access_pointer(dev->miniq_ingress);
#else
	return false;
#endif
}

static inline bool coloop_compat_has_tc_egress(const struct net_device *dev)
{
#ifdef CONFIG_NET_XGRESS
	return rcu_access_pointer(dev->tcx_egress);
#elif defined(CONFIG_NET_CLS_ACT) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return rcu_access_pointer(dev->miniq_egress);
#else
	return false;
#endif
}

/* 6.2 let namespaces have a table of their own.  A macro, as few files can include <net/udp.h>. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define coloop_compat_udp_table(net) ((net)->ipv4.udp_table)
#else
#define coloop_compat_udp_table(net) (&udp_table)
#endif

/* From 6.6, and in later stable kernels of 6.1; 6.2 to 6.5 have had none. */
#ifndef __counted_by
#define __counted_by(member)
#endif

/*
 * 6.2 gave extended acknowledgements room for formatted text.  Before, a message must outlive the
 * request: a few buffers used in turn, so a text is only ever wrong after that many refusals in
 * the time it takes to send one.
 */
#ifndef NL_SET_ERR_MSG_FMT_MOD
static inline void coloop_compat_set_extack(struct netlink_ext_ack *extack, const char *text)
{
	if (extack)
		extack->_msg = text;
}

#define NL_SET_ERR_MSG_FMT_MOD(extack, fmt, args...)					\
do {											\
	static char text[16][128];							\
	static atomic_t turn = ATOMIC_INIT(0);						\
	char *at = text[(unsigned int)atomic_inc_return(&turn) % ARRAY_SIZE(text)];	\
											\
	snprintf(at, sizeof(text[0]), KBUILD_MODNAME ": " fmt, ##args);			\
	do_trace_netlink_extack(at);							\
	coloop_compat_set_extack(extack, at);						\
} while (0)
#endif

#endif /* _COLOOP_COMPAT_H */
