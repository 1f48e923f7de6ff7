// SPDX-License-Identifier: GPL-2.0

#include "recent.h"

#include <linux/atomic.h>
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/string.h>

enum {
	RECENT_BITS = 4,
};

/*
 * Sixteen selectors are compared with a packet in some 3000 instructions, a tenth of all that a
 * small one costs, and the packets of a connection get the same answer each time.
 */
struct recent {
	u64 serial;
	struct coloop_flow flow;
	bool takes;
};

static DEFINE_PER_CPU(struct recent[1 << RECENT_BITS], recent_verdicts);
static atomic64_t recent_serial;

void coloop_recent_set_serial(struct coloop_selectors *selectors)
{
	selectors->serial = atomic64_inc_return(&recent_serial);
}

/* The words that differ most; a version that lacks them has zeros there. */
static u32 recent_hash(const struct coloop_flow *flow)
{
	const __be32 *from = flow->address[COLOOP_FLOW_FROM];
	const __be32 *to = flow->address[COLOOP_FLOW_TO];
	u32 ports = flow->port[COLOOP_FLOW_FROM] << 16 | flow->port[COLOOP_FLOW_TO];

	return hash_32((__force u32)(from[0] ^ from[3] ^ to[0] ^ to[3]) ^ ports, RECENT_BITS);
}

/* Nobody else uses this CPU's until bottom halves go on. */
bool coloop_recent_take(const struct coloop_selectors *selectors, const struct coloop_flow *flow)
{
	struct recent *recent = this_cpu_ptr(&recent_verdicts[recent_hash(flow)]);

	/* No byte of a flow is padding. */
	BUILD_BUG_ON(sizeof(*flow) != 4 + 2 * (sizeof(u16) + 4 * sizeof(u32)));
	if (recent->serial != selectors->serial || memcmp(&recent->flow, flow, sizeof(*flow))) {
		recent->serial = selectors->serial;
		recent->flow = *flow;
		recent->takes = coloop_selectors_take(selectors, flow);
	}
	return recent->takes;
}
