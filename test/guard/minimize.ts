// SPDX-License-Identifier: MIT

/**
 * Leaves out of a list what is not needed for it to fail: halves first, then ever smaller parts, until
 * nothing can go.
 */
export async function minimize<T>(
	list: readonly T[],
	fails: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
	let left = list;

	for (let size = Math.ceil(left.length / 2); size >= 1;) {
		const smaller = await withoutOne(left, size, fails);
		if (smaller) {
			left = smaller;
			size = Math.min(size, left.length);
		} else if (size === 1) {
			break;
		} else {
			size = Math.ceil(size / 2);
		}
	}

	return left;
}

/** The list without a part of this size that is not needed; later parts first, as they lean on earlier ones. */
async function withoutOne<T>(
	list: readonly T[],
	size: number,
	fails: (part: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
	for (let end = list.length; end > 0; end -= size) {
		const part = [...list.slice(0, Math.max(0, end - size)), ...list.slice(end)];
		if (await fails(part)) {
			return part;
		}
	}

	return undefined;
}
