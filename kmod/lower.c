// SPDX-License-Identifier: GPL-2.0

#include "lower.h"
#include "compat.h"
#include "peer.h"
#include "peerlookup.h"

#include <linux/if_team.h>
#include <net/bonding.h>
#include <net/net_namespace.h>

/*
 * A native program runs in the driver's poll, which packets of a channel do not pass.  A generic
 * one runs in netif_receive_skb(), which they do.  An AF_XDP socket gets what a program gives it.
 */
static bool lower_has_native_xdp(const struct net_device *lower)
{
	const struct bpf_xdp_entity *driver = &lower->xdp_state[XDP_MODE_DRV];
	const struct bpf_xdp_entity *hardware = &lower->xdp_state[XDP_MODE_HW];

	return READ_ONCE(driver->prog) || READ_ONCE(driver->link) ||
	       READ_ONCE(hardware->prog) || READ_ONCE(hardware->link);
}

static bool lower_port_receives(const struct net_device *lower, void *port)
{
	const struct team_port *team_port = port;

	if (netif_is_bond_slave(lower))
		return bond_is_active_slave(port);
	/* Which port a team in this mode listens to is known to its driver alone. */
	return team_port->linkup && team_port_enabled(port) &&
	       strcmp(team_port->team->mode->kind, "activebackup");
}

/* Is it a port of a bond or team that drops what arrives here? */
static bool lower_is_inactive(const struct net_device *lower)
{
	bool ret = false;

	if (likely(!netif_is_lag_port(lower)))
		return false;
	rcu_read_lock();
	/*
	 * rx_handler_data is a port of the master from before the link to the master is made, until
	 * a grace period after rx_handler is cleared.
	 */
	if (netdev_master_upper_dev_get_rcu((struct net_device *)lower) &&
	    rcu_dereference(lower->rx_handler))
		ret = !lower_port_receives(lower, rcu_dereference(lower->rx_handler_data));
	rcu_read_unlock();
	return ret;
}

enum coloop_ordinary coloop_link_blocked(const struct net_device *lower)
{
	if (!IS_ENABLED(CONFIG_NETFILTER_EGRESS))
		return COLOOP_ORDINARY_NO_HOOK;
	if (unlikely(lower_has_native_xdp(lower)))
		return COLOOP_ORDINARY_XDP;
	if (unlikely(lower_is_inactive(lower)))
		return COLOOP_ORDINARY_INACTIVE;
	if (unlikely(!net_eq(dev_net(lower), &init_net)))
		return COLOOP_ORDINARY_NETNS;
	return COLOOP_ORDINARY_NONE;
}

static void lower_say(const struct net_device *lower, enum coloop_ordinary why,
		      struct netlink_ext_ack *extack)
{
	const char *name = lower->name;

	switch (why) {
	case COLOOP_ORDINARY_XDP:
		NL_SET_ERR_MSG_FMT_MOD(extack, "a channel would bypass the XDP program of %s",
				       name);
		break;
	case COLOOP_ORDINARY_INACTIVE:
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is a port of a bond or team, receiving nothing",
				       name);
		break;
	case COLOOP_ORDINARY_NO_HOOK:
		NL_SET_ERR_MSG_MOD(extack, "this kernel was built without CONFIG_NETFILTER_EGRESS");
		break;
	default:
		NL_SET_ERR_MSG_FMT_MOD(extack, "%s is in another network namespace", name);
	}
}

int coloop_lower_check(const struct coloop_peer *peer, struct netlink_ext_ack *extack)
{
	enum coloop_ordinary why = COLOOP_ORDINARY_NONE;
	const struct coloop_link *link;

	lockdep_assert_held(&peer->lock);
	mutex_lock(&coloop_peers_lock);
	list_for_each_entry(link, &peer->links, peer_entry) {
		why = coloop_link_blocked(link->dev);
		if (why) {
			lower_say(link->dev, why, extack);
			break;
		}
	}
	mutex_unlock(&coloop_peers_lock);
	return why ? -EBUSY : 0;
}
