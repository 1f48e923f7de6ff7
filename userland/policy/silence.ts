// SPDX-License-Identifier: MIT

/**
 * For how many seconds a channel may live on while dom0's host role says nothing: what dom0 takes
 * away meanwhile (a vif, a rule) cannot be heard. `usual` where no file says it.
 */
export const hostSilence = {min: 10, max: 86_400, usual: 60} as const;

/** For how many seconds a channel may carry nothing before it goes, where policy says a time. */
export const idleTimeout = {min: 10, max: 86_400} as const;
