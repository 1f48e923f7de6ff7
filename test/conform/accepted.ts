// SPDX-License-Identifier: MIT

type Accepted = {
	/** Of a difference as compare.ts words it. */
	readonly difference: RegExp;
	readonly reason: string;
};

/** Differences that are by design, with what README's table says of them. */
export const accepted: readonly Accepted[] = [];

export function acceptedFor(difference: string): string | undefined {
	return accepted.find(each => each.difference.test(difference))?.reason;
}
