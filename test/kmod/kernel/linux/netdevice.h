/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_NETDEVICE_H
#define KERNEL_NETDEVICE_H

#include <linux/rculist.h>

struct net_device {
	int ifindex;
};

#endif
