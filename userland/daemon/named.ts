// SPDX-License-Identifier: MIT
import type {Named} from '../control/resolve.ts';
import type {Wish} from './endpoint/wish.ts';

/** By the whole name, of which the kernel may have a part. */
export function named({name, config}: Wish): Named {
	return {name, domid: config.domid};
}
