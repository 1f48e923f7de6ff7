// SPDX-License-Identifier: MIT

/** What the library refused, in its own words; or output of the library that cannot be understood. */
export class NftablesError extends Error {
	override readonly name = 'NftablesError';
}
