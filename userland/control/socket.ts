// SPDX-License-Identifier: MIT

/** Where the daemon listens and the CLI asks, unless told otherwise. */
export const defaultSocket = '/run/coloop/coloopd.sock';
