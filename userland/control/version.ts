// SPDX-License-Identifier: MIT

/** Of the control plane; the module has its own in `coloop version`. */
export const version = '0.1.0';
