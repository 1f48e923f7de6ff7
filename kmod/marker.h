/* SPDX-License-Identifier: GPL-2.0 */
/* Frames that show when all that took the ordinary path before them has arrived there. */

#ifndef _COLOOP_MARKER_H
#define _COLOOP_MARKER_H

#include <linux/bitmap.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct coloop_channel;

enum {
	/* A link may have several transmit queues at each hop: a frame for each of up to 8. */
	COLOOP_MARKER_FRAMES = 8,
	COLOOP_MARKER_MAX = 128,
};

/**
 * struct coloop_marker - of one channel
 * @sent: number of ours that the peer is to answer; 0: none
 * @last: number that we gave last
 * @frames: copies of those that we sent, while we wait
 * @least: fewest packets that were still to be sent when we looked
 * @sent_at: sum of the times when each transmit queue last sent anything, in jiffies
 * @until: when we wait no longer, in jiffies
 * @still_until: when we wait no longer for devices that send nothing, in jiffies
 * @work: waits, sends, and opens the channel
 * @lock: guards what follows
 * @number: of the peer's newest marker of which a frame has arrived; 0: none
 * @arrived: which of its frames have
 * @complete: number of the last of which all have
 */
struct coloop_marker {
	u32 sent;
	u32 last;
	struct sk_buff_head frames;
	u32 least;
	unsigned long sent_at;
	unsigned long until;
	unsigned long still_until;
	struct delayed_work work;
	spinlock_t lock; /* guards what follows */
	u32 number;
	DECLARE_BITMAP(arrived, COLOOP_MARKER_MAX);
	u32 complete;
};

void coloop_marker_module_init(void);
void coloop_marker_module_uninit(void);

void coloop_marker_init(struct coloop_channel *ch);
/* A new life begins: what has arrived in earlier ones does not count. */
void coloop_marker_reset(struct coloop_channel *ch);
/* Under the peer's lock: the channel is live and holds.  It opens at once, or by itself. */
void coloop_marker_start(struct coloop_channel *ch);
/* Afterwards the channel is not opened any more. */
void coloop_marker_stop(struct coloop_channel *ch);
/* From the poll of a channel that holds: has the peer answered? */
void coloop_marker_look(struct coloop_channel *ch);
/* Under the peer's lock: says in our page which marker has arrived. */
void coloop_marker_answer(struct coloop_channel *ch);

#endif /* _COLOOP_MARKER_H */
