// SPDX-License-Identifier: MIT

/** What `-j` of iproute2 prints. */
export function listOf(text: string): Array<Record<string, unknown>> {
	try {
		const parsed: unknown = JSON.parse(text);

		return Array.isArray(parsed) ? parsed.map(asRecord) : [];
	} catch {
		return [];
	}
}

export function asRecord(value: unknown): Record<string, unknown> {
	return typeof value === 'object' && value !== null ? {...value} : {};
}
