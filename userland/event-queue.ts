// SPDX-License-Identifier: MIT

/** Events from a callback to an async iterator. What waits is bounded and holds no value twice. */
export type EventQueue<T> = AsyncIterable<T> & {
	push(value: T): void;
	/** The iterator yields what waits, then throws. */
	fail(error: unknown): void;
};

type Options<T> = {
	/** Ends the iterator at once. */
	readonly signal: AbortSignal;
	/** Stands for all that waited, where more waits than `limit`. */
	readonly overflow: T;
	readonly limit?: number;
	/** Called once, when nobody will listen any more. */
	readonly stop: () => void;
};

export function eventQueue<T>({signal, overflow, limit = 1024, stop}: Options<T>): EventQueue<T> {
	const waiting: T[] = [];
	let failure: {readonly error: unknown} | undefined;
	let stopped = false;
	let wake = () => {};

	function finish(): void {
		if (!stopped) {
			stopped = true;
			signal.removeEventListener('abort', finish);
			stop();
		}
		wake();
	}

	async function* drain(): AsyncGenerator<T, void, void> {
		try {
			while (!signal.aborted) {
				const value = waiting.shift();

				if (value !== undefined) {
					yield value;
				} else if (failure !== undefined) {
					throw failure.error;
				} else {
					await new Promise<void>(resolve => {
						wake = resolve;
					});
				}
			}
		} finally {
			finish();
		}
	}

	if (signal.aborted) {
		// Not at once: what is to be stopped may still be on its way to the caller's variables.
		queueMicrotask(finish);
	} else {
		signal.addEventListener('abort', finish);
	}

	return {
		[Symbol.asyncIterator]: drain,
		push(value) {
			if (stopped || waiting.includes(value)) {
				return;
			}
			if (waiting.length >= limit) {
				waiting.length = 0;
				waiting.push(overflow);
			} else {
				waiting.push(value);
			}
			wake();
		},
		fail(error) {
			failure ??= {error};
			wake();
		},
	};
}
