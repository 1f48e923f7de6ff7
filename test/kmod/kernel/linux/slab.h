/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of exactly its size. */
#ifndef KERNEL_SLAB_H
#define KERNEL_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL 0
#define kzalloc(size, flags) calloc(1, size)
#define kfree(pointer) free((void *)(pointer))
#define struct_size(object, member, count) \
	(sizeof(*(object)) + (count) * sizeof(*(object)->member))

#endif
