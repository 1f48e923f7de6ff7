// SPDX-License-Identifier: GPL-2.0
/* Lies in the control page of an offer, before the peer can have seen it or while it looks. */

#include "evil.h"

#include <linux/delay.h>
#include <linux/prandom.h>

#define FIELD(member) { #member, offsetof(struct coloop_control, member) }

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	FIELD(magic), FIELD(version), FIELD(order), FIELD(epoch), FIELD(ref),
	FIELD(prod), FIELD(cons), FIELD(side), FIELD(queues), FIELD(features), FIELD(mapped),
	{ "further-ref", offsetof(struct coloop_control, further[0].control_ref) },
	{ "further-port", offsetof(struct coloop_control, further[0].port) },
};

/* The next offer takes all of them; a command and an offer do not come at the same time. */
static struct {
	bool armed;
	bool same_refs;
	unsigned int words;
	struct {
		size_t offset;
		u32 value;
	} word[4];
} forgery;

int forge_next(const char *name, long number, char *said, size_t room)
{
	unsigned int i;

	scnprintf(said, room, "the next offer says %s %u", name, (u32)number);
	if (!strcmp(name, "same-refs")) {
		forgery.same_refs = true;
		WRITE_ONCE(forgery.armed, true);
		return 0;
	}
	if (forgery.words == ARRAY_SIZE(forgery.word))
		return -ENOSPC;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name))
			continue;
		forgery.word[forgery.words].offset = fields[i].offset;
		forgery.word[forgery.words++].value = number;
		WRITE_ONCE(forgery.armed, true);
		return 0;
	}
	return -EINVAL;
}

static void forge(struct coloop_control *own)
{
	unsigned int i;

	if (forgery.same_refs) {
		for (i = 1; i < COLOOP_REFS_MAX; i++)
			WRITE_ONCE(own->ref[i], own->ref[0]);
	}
	for (i = 0; i < forgery.words; i++)
		WRITE_ONCE(*(u32 *)((u8 *)own + forgery.word[i].offset), forgery.word[i].value);
	forgery.same_refs = false;
	forgery.words = 0;
	WRITE_ONCE(forgery.armed, false);
}

/* channel.c's own; in this module the name it has there is ours (Kbuild). */
int honest_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack);

int coloop_channel_offer(struct coloop_channel *ch, const struct coloop_offer *offer,
			 struct netlink_ext_ack *extack)
{
	int ret = honest_channel_offer(ch, offer, extack);

	if (!ret && READ_ONCE(forgery.armed))
		forge(target(ch)->own);
	return ret;
}

/* Zero, near the truth, small, or anything. */
static u32 some_value(struct rnd_state *rnd, u32 truth)
{
	switch (prandom_u32_state(rnd) % 5) {
	case 0:
		return 0;
	case 1:
		return truth + prandom_u32_state(rnd) % 5 - 2;
	case 2:
		return truth ^ BIT(prandom_u32_state(rnd) % 32);
	case 3:
		return prandom_u32_state(rnd) % 1024;
	default:
		return prandom_u32_state(rnd);
	}
}

/* The words that are read, most of the time; a reference of the ring, or any word. */
static unsigned int some_word(const struct coloop_control *truth, struct rnd_state *rnd)
{
	u32 random = prandom_u32_state(rnd) >> 8;

	switch (prandom_u32_state(rnd) % 4) {
	case 0:
		return offsetof(struct coloop_control, ref) / sizeof(u32) +
		       random % (1u << truth->order);
	case 1:
		return random % (sizeof(*truth) / sizeof(u32));
	default:
		return random % (offsetof(struct coloop_control, zero0) / sizeof(u32));
	}
}

void forge_some(struct coloop_control *own, const struct coloop_control *truth,
		struct rnd_state *rnd)
{
	static unsigned int lies[3];
	const u32 *from = (const u32 *)truth;
	u32 *to = (u32 *)own;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++)
		WRITE_ONCE(to[lies[i]], from[lies[i]]);
	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		lies[i] = some_word(truth, rnd);
		WRITE_ONCE(to[lies[i]], some_value(rnd, from[lies[i]]));
	}
	/* Long enough to be seen, too short to be seen twice. */
	udelay(prandom_u32_state(rnd) % 64);
}
