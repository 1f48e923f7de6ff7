// SPDX-License-Identifier: MIT

/** The fields of an object; none of anything else. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: {};
}

/** An object's fields if it has these and no other; else none: what it has more may change what it means. */
export function exactly(value: unknown, ...names: readonly string[]) {
	const found = fields(value);
	const keys = Object.keys(found);

	return keys.length === names.length && names.every(name => name in found) ? found : {};
}
