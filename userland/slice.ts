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

/** `now` in ms. */
export function createSlice(now: () => number = () => performance.now()): Slice {
	let start = now();
	const isOver = () => now() - start >= most;

	return {
		isOver,
		async breathe() {
			if (isOver()) {
				await setImmediate();
				start = now();
			}
		},
	};
}

/** Work that yields wherever others may have their turn, at least once a millisecond. */
export type Sliceable<T> = Generator<void, T, void>;

/** Does it in slices. */
export async function inSlices<T>(work: Sliceable<T>): Promise<T> {
	const slice = createSlice();

	for (;;) {
		const step = work.next();
		if (step.done) {
			return step.value;
		}
		await slice.breathe();
	}
}

/** Does it in one. */
export function atOnce<T>(work: Sliceable<T>): T {
	for (;;) {
		const step = work.next();
		if (step.done) {
			return step.value;
		}
	}
}
