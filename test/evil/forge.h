/* SPDX-License-Identifier: GPL-2.0 */

#ifndef _EVIL_FORGE_H
#define _EVIL_FORGE_H

#include "channel.h"

/* Has the next offer's control page say @number in a field; what that means is said in @said. */
int forge_next(const char *name, long number, char *said, size_t room);

#endif /* _EVIL_FORGE_H */
