// SPDX-License-Identifier: GPL-2.0
/* Events: too many, none, and ports that are not the peer's to bind. */

#include "evil.h"

#include <linux/ktime.h>
#include <xen/interface/event_channel.h>
#include <asm/xen/hypercall.h>

/* Ports of ours that nobody binds: one to be mute on, one for dom0. */
static evtchn_port_t nowhere, for_dom0;
static evtchn_port_t mouth; /* the channel's own port while we are mute */

static int alloc_port(evtchn_port_t *port, domid_t remote)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = remote };
	int ret;

	if (*port)
		return 0;
	ret = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);
	if (!ret)
		*port = alloc.port;
	return ret;
}

static void close_port(evtchn_port_t *port)
{
	struct evtchn_close close = { .port = *port };

	if (*port)
		HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
	*port = 0;
}

int storm(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u64 from = ktime_get_ns(), us;
	long i;

	for (i = 0; i < number; i++) {
		coloop_evtchn_notify(&target(ch)->evtchn);
		if (i % 64 == 63)
			cond_resched();
	}
	us = div_u64(ktime_get_ns() - from, 1000) ?: 1;
	scnprintf(said, room, "%ld events, %llu/s", i, div64_u64(i * 1000000ull, us));
	return 0;
}

/* All goes on, but the peer hears nothing: what we say goes to a port without another end. */
int mute(struct coloop_channel *ch, long number, char *said, size_t room)
{
	int ret = alloc_port(&nowhere, DOMID_SELF);

	if (ret)
		return ret;
	mouth = target(ch)->evtchn.port;
	WRITE_ONCE(target(ch)->evtchn.port, nowhere);
	scnprintf(said, room, "mute");
	return 0;
}

void unmute(struct coloop_channel *ch)
{
	if (mouth && target(ch)->evtchn.port == nowhere) {
		WRITE_ONCE(target(ch)->evtchn.port, mouth);
		coloop_evtchn_notify(&target(ch)->evtchn);
	}
	mouth = 0;
}

int foreign_port(struct coloop_channel *ch, long number, char *said, size_t room)
{
	int ret = alloc_port(&for_dom0, 0);

	scnprintf(said, room, "%u", for_dom0);
	return ret;
}

void events_uninit(void)
{
	close_port(&nowhere);
	close_port(&for_dom0);
}
