// SPDX-License-Identifier: MIT

export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
	const end = Date.now() + 60_000;
	while (!(await isSo())) {
		if (Date.now() > end) {
			throw new Error(`not within a minute: ${what}`);
		}
		await new Promise(resolve => setTimeout(resolve, 50));
	}
}
