// SPDX-License-Identifier: MIT
import type {Attack} from './_bout.ts';
import {blocks} from './_attacks-block.ts';
import {events} from './_attacks-event.ts';
import {frames} from './_attacks-frame.ts';
import {indices} from './_attacks-index.ts';
import {memory} from './_attacks-memory.ts';
import {offers} from './_attacks-offer.ts';
import {pinned} from './_attacks-pin.ts';
import {queues} from './_attacks-queue.ts';
import {races} from './_attacks-race.ts';
import {records} from './_attacks-record.ts';

/** Every attack that has a name, in the order in which they are tried. */
export const attacks: readonly Attack[] = [
	...offers,
	...indices,
	...records,
	...frames,
	...races,
	...events,
	...memory,
	...pinned,
	...blocks,
	...queues,
];
