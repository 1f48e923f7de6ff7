/* SPDX-License-Identifier: GPL-2.0 */
/* What selectors said of flows that were asked about a moment ago. */

#ifndef _COLOOP_RECENT_H
#define _COLOOP_RECENT_H

#include "selectors.h"

/* Before the selectors are published: a number that no others have had. */
void coloop_recent_set_serial(struct coloop_selectors *selectors);
/* What coloop_selectors_take() says, with bottom halves disabled. */
bool coloop_recent_take(const struct coloop_selectors *selectors, const struct coloop_flow *flow);

#endif /* _COLOOP_RECENT_H */
