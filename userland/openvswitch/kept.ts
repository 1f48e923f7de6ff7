// SPDX-License-Identifier: MIT

/** What was read once, with a connection that hears when it is not true any more. */
export type Reading<T> = {
	readonly value: T;
	/** Asks for what nobody tells; false where it differs, or where there is no answer. */
	isStill(): Promise<boolean>;
	close(): void;
};

/** Reads, and calls `outdated`, perhaps before it is through, once the value may not be true any more. */
export type Source<T> = (outdated: () => void) => Promise<Reading<T>>;

/**
 * A value that is read again when it is outdated, and only then. A reading is followed by a rest of four
 * times its length, half a second at most: flows may come as often as a controller, or a guest by it, likes.
 */
export type Kept<T> = {
	/**
	 * In a rest the last value, which is heard to have `changed` at its end. Where a read fails, the last value for as long as `grace` says, then what went wrong. Until a
	 * `look()` finds that it can be read again nobody waits for another failure.
	 */
	get(): Promise<T>;
	/** Asks for what nobody tells, or whether a source that failed is there again. */
	look(): Promise<void>;
	close(): void;
};

type KeptOptions = {
	/** Milliseconds. */
	readonly grace: number;
	/** `get()` would say something else than it has said, or may. */
	readonly changed: () => void;
};

/** Of a rest, in milliseconds. */
export const longestRest = 500;

export function createKept<T>(source: Source<T>, {grace, changed}: KeptOptions): Kept<T> {
	let current: Reading<T> | undefined;
	let last: {readonly value: T} | undefined;
	let failure: {readonly error: unknown; readonly since: number} | undefined;
	let isLooking = false;
	let restsUntil = 0;
	let timer: NodeJS.Timeout | undefined;

	const rest = () => restsUntil - performance.now();
	const tell = () => {
		if (rest() <= 0) {
			changed();
		} else {
			timer ??= setTimeout(() => {
				timer = undefined;
				changed();
			}, rest()).unref();
		}
	};

	const drop = () => {
		current?.close();
		current = undefined;
	};
	const read = async (): Promise<T> => {
		const from = performance.now();
		let isOutdated = false;
		let isThrough = false;
		const reading = await source(() => {
			isOutdated = true;
			if (isThrough && current === reading) {
				drop();
				tell();
			}
		});

		isThrough = true;
		restsUntil = performance.now() + Math.min(4 * (performance.now() - from), longestRest);
		drop();
		last = {value: reading.value};
		failure = undefined;
		if (isOutdated) {
			reading.close();
			tell();
		} else {
			current = reading;
		}

		return reading.value;
	};
	const valueOrError = (): T => {
		if (failure && (last === undefined || performance.now() - failure.since >= grace)) {
			last = undefined;
			throw failure.error;
		}

		return (last as {readonly value: T}).value;
	};
	/** Somebody is to be told when it can be read again, and when the grace is over. */
	const mend = async ({since}: {readonly since: number}) => {
		try {
			await read();
			changed();
		} catch {
			if (last !== undefined && performance.now() - since >= grace) {
				changed();
			}
		}
	};

	return {
		async get() {
			if (current) {
				return current.value;
			}
			if (failure === undefined && last !== undefined && rest() > 0) {
				tell();

				return last.value;
			}
			if (failure === undefined) {
				try {
					return await read();
				} catch (error) {
					failure = {error, since: performance.now()};
				}
			}

			return valueOrError();
		},
		async look() {
			if (isLooking) {
				return;
			}
			isLooking = true;
			if (failure) {
				await mend(failure);
			} else if (current && !(await current.isStill())) {
				drop();
				tell();
			}
			isLooking = false;
		},
		close: drop,
	};
}
