/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_BITS_H
#define KERNEL_BITS_H

#define BIT(bit) (1ul << (bit))

#endif
