// SPDX-License-Identifier: GPL-2.0

#include "suspend.h"
#include "netlink.h"
#include "peer.h"

#include <linux/platform_device.h>
#include <linux/pm.h>

static struct platform_device *device;

/*
 * Grants, ports and domids do not survive a save or a migration, so nothing is kept: channels are
 * drained and ended, peers forgotten (R18).  The control plane starts over after the resume.
 */
static int suspend_freeze(struct device *dev)
{
	coloop_peer_remove_all(COLOOP_REASON_SUSPEND);
	coloop_nl_announce(COLOOP_CMD_SUSPEND_NTF);
	return 0;
}

/* Also after a suspend that was cancelled: suspend_freeze() has torn down all the same. */
static int suspend_resume(struct device *dev)
{
	coloop_nl_announce(COLOOP_CMD_RESUME_NTF);
	return 0;
}

static const struct dev_pm_ops pm_ops = {
	.freeze = suspend_freeze,
	.thaw = suspend_resume,
	.restore = suspend_resume,
};

static struct platform_driver driver = {
	.driver = {
		.name = "coloop",
		.pm = &pm_ops,
	},
};

int coloop_suspend_init(void)
{
	int ret;

	ret = platform_driver_register(&driver);
	if (ret)
		return ret;
	device = platform_device_register_simple("coloop", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device)) {
		platform_driver_unregister(&driver);
		return PTR_ERR(device);
	}
	return 0;
}

void coloop_suspend_uninit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&driver);
}
