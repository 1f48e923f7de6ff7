// SPDX-License-Identifier: GPL-2.0

#include "grant.h"
#include "marker.h"
#include "netlink.h"
#include "peer.h"
#include "queueing.h"
#include "suspend.h"

#include <linux/module.h>
#include <net/genetlink.h>
#include <xen/xen.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

static int __init coloop_init(void)
{
	int ret;

	if (!xen_domain()) {
		pr_err("this machine is no Xen domain\n");
		return -ENODEV;
	}
	ret = coloop_peer_init();
	if (ret)
		return ret;
	ret = coloop_poll_module_init();
	if (ret)
		goto err_peer;
	ret = coloop_address_init();
	if (ret)
		goto err_receive;
	ret = coloop_device_init();
	if (ret)
		goto err_address;
	ret = coloop_datagram_init();
	if (ret)
		goto err_device;
	coloop_marker_module_init();
	ret = coloop_suspend_init();
	if (ret)
		goto err_marker;
	ret = coloop_nl_init();
	if (ret)
		goto err_suspend;
	return 0;

err_suspend:
	coloop_suspend_uninit();
err_marker:
	coloop_marker_module_uninit();
	coloop_datagram_uninit();
err_device:
	coloop_device_uninit();
err_address:
	coloop_address_uninit();
err_receive:
	coloop_poll_module_uninit();
err_peer:
	coloop_peer_uninit();
	return ret;
}

static void __exit coloop_exit(void)
{
	coloop_peer_remove_all(COLOOP_REASON_UNLOAD);
	coloop_nl_uninit();
	/* Whoever made a peer between the two lines above. */
	coloop_peer_remove_all(COLOOP_REASON_UNLOAD);
	coloop_suspend_uninit();
	coloop_marker_module_uninit();
	coloop_datagram_uninit();
	coloop_device_uninit();
	coloop_address_uninit();
	coloop_poll_module_uninit();
	coloop_peer_uninit();
	coloop_grant_uninit();
}

module_init(coloop_init);
module_exit(coloop_exit);

MODULE_DESCRIPTION("Shared-memory network path between guests of one Xen host");
MODULE_AUTHOR("The Coloop authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
MODULE_ALIAS_GENL_FAMILY("coloop");
