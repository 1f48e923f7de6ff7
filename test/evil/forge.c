// SPDX-License-Identifier: GPL-2.0
/* Lies in the control page of the next offer, told before the peer can have seen it. */

#include "forge.h"

#define FIELD(member) { #member, offsetof(struct coloop_control, member) }

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	FIELD(magic), FIELD(version), FIELD(order), FIELD(epoch), FIELD(ref),
	FIELD(prod), FIELD(cons), FIELD(side),
};

/* The next offer takes it; a command and an offer do not come at the same time. */
static struct {
	bool armed;
	size_t offset;
	u32 value;
} forgery;

int forge_next(const char *name, long number, char *said, size_t room)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name))
			continue;
		forgery.offset = fields[i].offset;
		forgery.value = number;
		WRITE_ONCE(forgery.armed, true);
		scnprintf(said, room, "the next offer says %s %u", name, (u32)number);
		return 0;
	}
	return -EINVAL;
}

/* channel.c's own; in this module the name it has there is ours (Kbuild). */
int honest_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack);

int coloop_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack)
{
	int ret = honest_channel_offer(ch, offer, extack);

	if (!ret && READ_ONCE(forgery.armed)) {
		WRITE_ONCE(*(u32 *)((u8 *)ch->queue->own + forgery.offset), forgery.value);
		WRITE_ONCE(forgery.armed, false);
	}
	return ret;
}
