// SPDX-License-Identifier: MIT

/** How much memory one side of a channel may send through, in pages of 4096 bytes. */
export const ringPages = [32, 64, 128, 256, 512] as const;

/** Where one connection and datagrams stop gaining: test/bench/README.md. */
export const defaultRingPages = 256;

/**
 * With what a channel begins, and what it returns to while it is quiet: round trips do not care.
 * Set to what `defaultRingPages` is, rings keep their size wherever policy says nothing else.
 */
export const defaultRingPagesMin = 32;

/** In MiB, of all channels together. */
export const memoryMib = {min: 1, max: 65_536} as const;

/** How many queues a channel may have: rings each way, that share that memory. */
export const queueCounts = [1, 2, 4, 8] as const;
