/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_ERR_H
#define KERNEL_ERR_H

#include <linux/types.h>

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *pointer)
{
	return (long)pointer;
}

static inline bool IS_ERR(const void *pointer)
{
	return (unsigned long)pointer >= -4095ul;
}

#endif
