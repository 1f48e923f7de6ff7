/* SPDX-License-Identifier: GPL-2.0 */

#ifndef _EVIL_MUTATE_H
#define _EVIL_MUTATE_H

#include "channel.h"

/* Puts @number well-formed records of nonsense; the same ones for the same @number. */
int mutate(struct coloop_channel *ch, const struct ethhdr *eth, long number);

#endif /* _EVIL_MUTATE_H */
