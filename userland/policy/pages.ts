// SPDX-License-Identifier: MIT

/** How much memory one side of a channel may send through, in pages of 4096 bytes. */
export const ringPages = [32, 64, 128, 256, 512] as const;

/** How many queues a channel may have: rings each way, that share that memory. */
export const queueCounts = [1, 2, 4, 8] as const;
