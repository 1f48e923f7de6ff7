// SPDX-License-Identifier: MIT
import {setImmediate} from 'node:timers/promises';

/** Longest time, in ms, for which long work keeps everything else of this process waiting. */
const most = 5;

/** Work that takes long is done in slices, between which others have their turn. */
type Slice = {
	isOver(): boolean;
	/** Lets others have their turn if it is over; then the next slice begins. */
	breathe(): Promise<void>;
};

export function createSlice(): Slice {
	let start = performance.now();
	const isOver = () => performance.now() - start >= most;

	return {
		isOver,
		async breathe() {
			if (isOver()) {
				await setImmediate();
				start = performance.now();
			}
		},
	};
}
