// SPDX-License-Identifier: GPL-2.0
/*
 * coloop0 has no addresses: what is sent there belongs to the lower devices.  Programs that set up
 * every Ethernet device they find (DHCP clients, network managers) are refused with a sentence; an
 * address would take a route, and with it the traffic of a whole subnet.
 */

#include "queueing.h"

#include <linux/inetdevice.h>
#include <net/addrconf.h>

static int address_refuse(const struct net_device *dev, struct netlink_ext_ack *extack)
{
	if (dev != coloop_dev)
		return NOTIFY_DONE;
	NL_SET_ERR_MSG_MOD(extack, "the device takes no addresses; its peers have eth0's");
	return notifier_from_errno(-EADDRNOTAVAIL);
}

static int address_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct in_validator_info *info = ptr;

	return address_refuse(info->ivi_dev->dev, info->extack);
}

static int address6_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	const struct in6_validator_info *info = ptr;

	return address_refuse(info->i6vi_dev->dev, info->extack);
}

static struct notifier_block address_notifier = {
	.notifier_call = address_event,
};

static struct notifier_block address6_notifier = {
	.notifier_call = address6_event,
};

/* The list for IPv6 is part of every kernel with IPv4; without IPv6 nobody calls it. */
int coloop_address_init(void)
{
	int ret;

	ret = register_inetaddr_validator_notifier(&address_notifier);
	if (ret)
		return ret;
	ret = register_inet6addr_validator_notifier(&address6_notifier);
	if (ret)
		unregister_inetaddr_validator_notifier(&address_notifier);
	return ret;
}

void coloop_address_uninit(void)
{
	unregister_inet6addr_validator_notifier(&address6_notifier);
	unregister_inetaddr_validator_notifier(&address_notifier);
}
