/* SPDX-License-Identifier: GPL-2.0 */
/* What the parts of evil.ko share: the form of a command, and how to keep the good code away. */

#ifndef _EVIL_H
#define _EVIL_H

#include <linux/prandom.h>

#include "channel.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"

/* The queue of a channel that evil acts on; the first one unless "queue N" said another. */
extern unsigned int evil_queue;
#define target(ch) (&(ch)->queue[evil_queue])

/* What was done is said in @said. */
typedef int evil_act(struct coloop_channel *ch, long number, char *said, size_t room);

/* lie.c */
/* From here on our own code neither reads nor writes this channel's pages. */
void fall_silent(struct coloop_channel *ch);
/* From us to the peer; all zero without a link. */
struct ethhdr header_to(struct coloop_channel *ch);
evil_act say_prod, say_cons, say_side, say_thresholds, starve, put_length, put_source, put_dest,
	put_type, put_spoofed;
/* "record FIELD N": a good record but for one field of its header. */
int put_field(struct coloop_channel *ch, const char *name, long number, char *said, size_t room);

/* forge.c */
/* Has the next offer's control page say @number in a field; what that means is said in @said. */
int forge_next(const char *name, long number, char *said, size_t room);
/* A page that is true but for some of its words; @truth is what it was at first. */
void forge_some(struct coloop_control *own, const struct coloop_control *truth,
		struct rnd_state *rnd);

/* mutate.c */
evil_act put_nonsense, put_lengths, put_boundaries;

/* frags.c */
evil_act grant, say_granted, say_mapped, say_table, say_references, put_parts, put_references;
/* Headers from @head.  False: the ring is full. */
bool put_by_reference(struct coloop_channel *ch, const struct coloop_record *record,
		      const struct coloop_part *parts, const u8 *head);

/* oversize.c */
evil_act put_oversize, put_oversizes;

/* pin.c */
evil_act pin;

/* flip.c: what goes on behind our back until "calm". */
int flip_start(struct coloop_channel *ch, const char *kind, char *said, size_t room);
int flip_stop(char *said, size_t room);
evil_act jump;

/* events.c */
evil_act storm, mute, foreign_port;
void unmute(struct coloop_channel *ch);
void events_uninit(void);

/* hoard.c: grants. */
evil_act map_writable, write_peer, look, keep, unmap_early, revoke, balloon, foreign_grant;
/* channel.c calls these where it means those of grant.c (Kbuild). */
void evil_map_put(struct coloop_map *map);
void evil_pages_put(struct coloop_pages *pages);
void hoard_uninit(void);

#endif /* _EVIL_H */
