/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef int16_t s16;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;

#define U16_MAX UINT16_MAX
#define U32_MAX UINT32_MAX

#endif
