/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_BUILD_BUG_H
#define KERNEL_BUILD_BUG_H

/* Frama-C, which does not parse assertions, has another. */
#ifndef static_assert
#include <assert.h>
#endif

#endif
