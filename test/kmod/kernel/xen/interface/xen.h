/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_XEN_H
#define KERNEL_XEN_H

#include <linux/types.h>

typedef u16 domid_t;

#endif
