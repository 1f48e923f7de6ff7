// SPDX-License-Identifier: MIT
/** One kind of things that is read again when it may have changed. */
export type Part<T> = {
	/** The next `get` reads. */
	invalidate(): void;
	/** The same object as before where nothing changed. Throws what the reading throws, where nothing good is kept. */
	get(): Promise<T>;
	/** How long, in ms, until a reading may tell what is new; 0: the next one does. */
	wait(): number;
	/** Whether the last reading failed. */
	readonly isFailing: boolean;
};

type Options<T> = {
	/** For the log. */
	readonly name: string;
	read(): Promise<T>;
	/** By default, whether both read the same. */
	readonly isSame?: (one: T, other: T) => boolean;
	readonly world: PartWorld;
};

export type PartWorld = {
	/** Milliseconds that never jump. */
	now(): number;
	warn(event: string, fields: Readonly<Record<string, string | number>>): void;
};

/**
 * Where a reading fails, what was last read stands for this long, in ms: tools and dumps fail for a moment while others
 * change what they read, and dom0's rules seldom change just then. Who changes them so that they cannot be read has to
 * wait for no longer.
 */
export const keptFor = 10_000;

/**
 * A reading is followed by a rest of this many times its own length, so that it takes a fifth of a core however often
 * dom0's tools change what it reads. The first change after a rest is read at once.
 */
const restFactor = 4;

export function createPart<T>({name, read, isSame, world}: Options<T>): Part<T> {
	const {now, warn} = world;
	const keep = keepSame(isSame);
	let kept: {readonly value: T} | undefined;
	let failingSince: number | undefined;
	let restsUntil = -Infinity;
	let isStale = true;
	let reading: Promise<T> | undefined;

	const isOver = () => failingSince !== undefined && now() - failingSince > keptFor;

	async function take(): Promise<T> {
		const began = now();

		isStale = false;
		try {
			const value = await read();

			failingSince = undefined;
			kept = {value: keep(value)};

			return kept.value;
		} catch (error) {
			isStale = true;
			if (failingSince === undefined) {
				const message = error instanceof Error ? error.message : String(error);

				failingSince = began;
				warn('firewall.kept', {part: name, seconds: keptFor / 1000, message});
			}
			if (kept === undefined || isOver()) {
				throw error;
			}

			return kept.value;
		} finally {
			restsUntil = now() + restFactor * (now() - began);
			reading = undefined;
		}
	}

	return {
		invalidate() {
			isStale = true;
		},
		async get() {
			if (kept !== undefined && (!isStale || (now() < restsUntil && !isOver()))) {
				return kept.value;
			}
			reading ??= take();

			return await reading;
		},
		wait: () => Math.max(0, restsUntil - now()),
		get isFailing() {
			return failingSince !== undefined;
		},
	};
}

/** Passes values on, but the last one where the next reads the same. */
export function keepSame<T>(isSame: (one: T, other: T) => boolean = readsSame): (value: T) => T {
	let kept: {readonly value: T} | undefined;

	return value => {
		kept = kept !== undefined && isSame(kept.value, value) ? kept : {value};

		return kept.value;
	};
}

function readsSame(one: unknown, other: unknown): boolean {
	return one === other || textOf(one) === textOf(other);
}

function textOf(value: unknown): string {
	return JSON.stringify(value, (_, inner: unknown) =>
		inner instanceof Map || inner instanceof Set ? [...inner] : inner,
	);
}
