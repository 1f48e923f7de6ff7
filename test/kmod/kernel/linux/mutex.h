/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_MUTEX_H
#define KERNEL_MUTEX_H

#include <assert.h>
#include <linux/types.h>

/* Whether the lock is held is for whoever calls to say. */
struct mutex {
	bool is_held;
};

#define lockdep_is_held(lock) ((lock)->is_held)
#define lockdep_assert_held(lock) assert(lockdep_is_held(lock))

#endif
