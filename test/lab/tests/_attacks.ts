// SPDX-License-Identifier: MIT
import type {Attack} from './_bout.ts';
import {memory} from './_attacks-memory.ts';
import {offers} from './_attacks-offer.ts';
import {events, frames, indices, races, records} from './_attacks-ring.ts';

/** Every attack that has a name, in the order in which they are tried. */
export const attacks: readonly Attack[] = [
	...offers,
	...indices,
	...records,
	...frames,
	...races,
	...events,
	...memory,
];
