// SPDX-License-Identifier: MIT

/** Looks until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
	while (!(await isSo())) {
		await new Promise(resolve => setTimeout(resolve, 20));
	}
}
