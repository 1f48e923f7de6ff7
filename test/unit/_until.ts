// SPDX-License-Identifier: MIT

/** Waits for a condition, and throws with its name where it never comes. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + 20_000;
	while (!(await isSo())) {
		if (performance.now() > end) {
			throw new Error(`not within 20 s: ${what}`);
		}
		await new Promise(resolve => setTimeout(resolve, 5));
	}
}
