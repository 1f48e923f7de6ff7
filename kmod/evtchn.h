/* SPDX-License-Identifier: GPL-2.0 */
/* Event channels: the only place that allocates, binds, notifies and closes them. */

#ifndef _COLOOP_EVTCHN_H
#define _COLOOP_EVTCHN_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/interrupt.h>
#include <linux/netlink.h>
#include <xen/events.h>
#include <xen/interface/xen.h>

/**
 * struct coloop_evtchn - our end of one event channel
 * @port: ours; 0 for none
 * @irq: bound to @port; 0 for none
 * @unhandled: an interrupt waits for coloop_evtchn_eoi()
 * @useful: there was something to do since the last interrupt was done
 */
struct coloop_evtchn {
	/* Read for every packet that is sent. */
	evtchn_port_t port;
	unsigned int irq;

	/* Written for every event. */
	atomic_t unhandled ____cacheline_aligned_in_smp;
	bool useful;
};

/* Makes a port that @domid may bind to. */
int coloop_evtchn_listen(struct coloop_evtchn *ec, domid_t domid, struct netlink_ext_ack *extack);
/* Binds to the port @remote that @domid made. */
int coloop_evtchn_connect(struct coloop_evtchn *ec, domid_t domid, evtchn_port_t remote,
			  struct netlink_ext_ack *extack);
/*
 * Starts to deliver events; the next one comes only after coloop_evtchn_eoi().  On failure the
 * port to @domid may be lost.
 */
int coloop_evtchn_bind(struct coloop_evtchn *ec, domid_t domid, irq_handler_t handler,
		       void *data, struct netlink_ext_ack *extack);
/* Delivers events on @cpu from now on. */
void coloop_evtchn_settle(struct coloop_evtchn *ec, unsigned int cpu);
/* To be called by the handler. */
void coloop_evtchn_ack(struct coloop_evtchn *ec);
/* The next EOI is not marked spurious; after one that is, the next event comes late (R10). */
void coloop_evtchn_not_spurious(struct coloop_evtchn *ec);
/* The poll is over: the next event may come. */
void coloop_evtchn_eoi(struct coloop_evtchn *ec);
void coloop_evtchn_notify(struct coloop_evtchn *ec);
/*
 * From here to coloop_evtchn_unmask() an event is no interrupt, and only ends a wait.  What it told
 * of before is not lost: look for that after the one and before the other.
 */
void coloop_evtchn_mask(struct coloop_evtchn *ec);
/* Blocks this CPU in Xen until there is an event, or an interrupt of any other kind for the CPU. */
void coloop_evtchn_wait(struct coloop_evtchn *ec);
void coloop_evtchn_unmask(struct coloop_evtchn *ec);
/* Idempotent, from any of the states above. */
void coloop_evtchn_close(struct coloop_evtchn *ec, void *data);

extern atomic_t coloop_ports_held;

#endif /* _COLOOP_EVTCHN_H */
