// SPDX-License-Identifier: MIT

/** The sizes that a ring may have, in pages of 4096 bytes. */
export const ringPages = [32, 64, 128, 256, 512] as const;
