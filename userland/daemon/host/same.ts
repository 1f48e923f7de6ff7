// SPDX-License-Identifier: MIT

/** Whether two values of ours read the same; what is undefined is not there. */
export function isSame(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}
