// SPDX-License-Identifier: GPL-2.0

#include "evtchn.h"
#include "budget.h"
#include "compat.h"
#include "limits.h"

#include <xen/interface/event_channel.h>
#include <asm/xen/hypercall.h>

atomic_t coloop_ports_held = ATOMIC_INIT(0);

static int evtchn_reserve(struct netlink_ext_ack *extack)
{
	if (coloop_budget_take(&coloop_ports_held, 1, COLOOP_PORTS_MAX, 1))
		return 0;
	NL_SET_ERR_MSG_FMT_MOD(extack, "channels hold all %u event channels that they may",
			       COLOOP_PORTS_MAX);
	return -ENOSPC;
}

int coloop_evtchn_listen(struct coloop_evtchn *ec, domid_t domid, struct netlink_ext_ack *extack)
{
	struct evtchn_alloc_unbound alloc = {
		.dom = DOMID_SELF,
		.remote_dom = domid,
	};
	int ret;

	ret = evtchn_reserve(extack);
	if (ret)
		return ret;
	ret = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (ret) {
		atomic_dec(&coloop_ports_held);
		NL_SET_ERR_MSG_FMT_MOD(extack, "Xen gives no event channel for domain %u", domid);
		return ret;
	}
	ec->port = alloc.port;
	return 0;
}

int coloop_evtchn_connect(struct coloop_evtchn *ec, domid_t domid, evtchn_port_t remote,
			  struct netlink_ext_ack *extack)
{
	/* The kernel's own wrapper wants a xenbus device. */
	struct evtchn_bind_interdomain bind = {
		.remote_dom = domid,
		.remote_port = remote,
	};
	int ret;

	ret = evtchn_reserve(extack);
	if (ret)
		return ret;
	ret = HYPERVISOR_event_channel_op(EVTCHNOP_bind_interdomain, &bind);
	if (ret) {
		atomic_dec(&coloop_ports_held);
		NL_SET_ERR_MSG_FMT_MOD(extack,
				       "cannot bind to event channel %u of domain %u",
				       remote, domid);
		return ret;
	}
	ec->port = bind.local_port;
	return 0;
}

/* Does it lead to that domain, or wait for it? */
static bool evtchn_is_open(evtchn_port_t port, domid_t domid)
{
	struct evtchn_status status = { .dom = DOMID_SELF, .port = port };

	if (HYPERVISOR_event_channel_op(EVTCHNOP_status, &status))
		return false;
	if (status.status == EVTCHNSTAT_unbound)
		return status.u.unbound.dom == domid;
	return status.status == EVTCHNSTAT_interdomain && status.u.interdomain.dom == domid;
}

int coloop_evtchn_bind(struct coloop_evtchn *ec, domid_t domid, irq_handler_t handler,
		       void *data, struct netlink_ext_ack *extack)
{
	int irq;

	atomic_set(&ec->unhandled, 0);
	irq = bind_evtchn_to_irqhandler_lateeoi(ec->port, handler, 0, "coloop", data);
	if (irq < 0) {
		NL_SET_ERR_MSG_MOD(extack, "no interrupt for the event channel");
		/*
		 * The port may be closed by now (the handler was refused) or not (there was no
		 * interrupt number).  Closing it twice could hit somebody else's, so ask (R12).
		 */
		if (!evtchn_is_open(ec->port, domid)) {
			ec->port = 0;
			atomic_dec(&coloop_ports_held);
		}
		return irq;
	}
	ec->irq = irq;
	return 0;
}

void coloop_evtchn_settle(struct coloop_evtchn *ec, unsigned int cpu)
{
	if (irq_set_affinity_and_hint(ec->irq, cpumask_of(cpu)))
		pr_debug("event channel %u stays where it is\n", ec->port);
}

void coloop_evtchn_ack(struct coloop_evtchn *ec)
{
	atomic_set(&ec->unhandled, 1);
}

void coloop_evtchn_not_spurious(struct coloop_evtchn *ec)
{
	ec->useful = true;
}

void coloop_evtchn_eoi(struct coloop_evtchn *ec)
{
	/* A poll that no event started owes Xen nothing; what it did counts for the next event. */
	if (!atomic_xchg(&ec->unhandled, 0))
		return;
	xen_irq_lateeoi(ec->irq, ec->useful ? 0 : XEN_EOI_FLAG_SPURIOUS);
	ec->useful = false;
}

void coloop_evtchn_notify(struct coloop_evtchn *ec)
{
	/* The port itself: from the interrupt's number, the kernel would look it up every time. */
	notify_remote_via_evtchn(ec->port);
}

void coloop_evtchn_mask(struct coloop_evtchn *ec)
{
	disable_irq_nosync(ec->irq);
}

void coloop_evtchn_wait(struct coloop_evtchn *ec)
{
	xen_poll_irq_timeout(ec->irq, 0);
	/* Whoever waited goes on to look into the ring. */
	xen_clear_irq_pending(ec->irq);
}

void coloop_evtchn_unmask(struct coloop_evtchn *ec)
{
	enable_irq(ec->irq);
}

void coloop_evtchn_close(struct coloop_evtchn *ec, void *data)
{
	struct evtchn_close close = { .port = ec->port };

	if (!ec->port)
		return;
	if (ec->irq) {
		irq_update_affinity_hint(ec->irq, NULL);
		/* Closes the port, too; closing it again could hit somebody else's (R12). */
		unbind_from_irqhandler(ec->irq, data);
	} else if (HYPERVISOR_event_channel_op(EVTCHNOP_close, &close)) {
		pr_warn("could not close event channel %u\n", ec->port);
	}
	atomic_dec(&coloop_ports_held);
	ec->irq = 0;
	ec->port = 0;
}
