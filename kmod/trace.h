/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: what happens to channels and packets, and why. */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM coloop

#if !defined(_COLOOP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _COLOOP_TRACE_H

#include <linux/tracepoint.h>

#ifndef _COLOOP_TRACE_DROP
#define _COLOOP_TRACE_DROP
enum coloop_drop {
	COLOOP_DROP_NO_PEER,
	COLOOP_DROP_BACKLOG,
	COLOOP_DROP_SOURCE,
	COLOOP_DROP_HEADER,
	COLOOP_DROP_MEMORY,
	COLOOP_DROP_DEVICE,
	COLOOP_DROP_NONE,
};
#endif

TRACE_EVENT(coloop_state,
	    TP_PROTO(u32 domid, u32 from, u32 to, u32 reason),
	TP_ARGS(domid, from, to, reason),
	TP_STRUCT__entry(
		__field(u32, domid)
		__field(u32, from)
		__field(u32, to)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->domid = domid;
		__entry->from = from;
		__entry->to = to;
		__entry->reason = reason;
	),
	TP_printk("domid=%u from=%u to=%u reason=%u",
		  __entry->domid, __entry->from, __entry->to, __entry->reason)
);

TRACE_EVENT(coloop_divert,
	    TP_PROTO(u32 domid, u32 len),
	TP_ARGS(domid, len),
	TP_STRUCT__entry(
		__field(u32, domid)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->domid = domid;
		__entry->len = len;
	),
	TP_printk("domid=%u len=%u", __entry->domid, __entry->len)
);

TRACE_EVENT(coloop_drop,
	    TP_PROTO(u32 domid, u32 drop, u32 len),
	TP_ARGS(domid, drop, len),
	TP_STRUCT__entry(
		__field(u32, domid)
		__field(u32, drop)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->domid = domid;
		__entry->drop = drop;
		__entry->len = len;
	),
	TP_printk("domid=%u reason=%s len=%u", __entry->domid,
		  __print_symbolic(__entry->drop,
				   { COLOOP_DROP_NO_PEER, "no-peer" },
				   { COLOOP_DROP_BACKLOG, "backlog" },
				   { COLOOP_DROP_SOURCE, "source" },
				   { COLOOP_DROP_HEADER, "header" },
				   { COLOOP_DROP_MEMORY, "memory" }),
		  __entry->len)
);

#endif /* _COLOOP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
