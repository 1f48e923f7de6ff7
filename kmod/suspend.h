/* SPDX-License-Identifier: GPL-2.0 */
/* A device that exists to hear that this domain is saved, migrated and resumed. */

#ifndef _COLOOP_SUSPEND_H
#define _COLOOP_SUSPEND_H

int coloop_suspend_init(void);
void coloop_suspend_uninit(void);

#endif /* _COLOOP_SUSPEND_H */
