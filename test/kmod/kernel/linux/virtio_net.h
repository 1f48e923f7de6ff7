/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_VIRTIO_NET_H
#define KERNEL_VIRTIO_NET_H

#include_next <linux/virtio_net.h>

/* x86 only, as the module is. */
#define __cpu_to_virtio16(little_endian, value) (value)

#endif
