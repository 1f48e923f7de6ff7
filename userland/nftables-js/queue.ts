// SPDX-License-Identifier: MIT

/**
 * Does one piece of work after the other, in order, whatever becomes of each. A signal that is aborted before its work has
 * begun leaves the work out; the promise rejects with the signal's reason at once in any case.
 */
type Queue = <T>(work: () => Promise<T> | T, signal?: AbortSignal) => Promise<T>;

export function createQueue(): Queue {
	let last: Promise<unknown> = Promise.resolve();

	return (work, signal) => {
		const result = last.then(() => {
			signal?.throwIfAborted();

			return work();
		});

		last = result.catch(() => undefined);

		return signal === undefined ? result : orAborted(result, signal);
	};
}

function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason as Error);

		if (signal.aborted) {
			abort();
		} else {
			signal.addEventListener('abort', abort, {once: true});
		}
		void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
	});
}
