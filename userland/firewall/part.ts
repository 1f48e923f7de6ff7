// SPDX-License-Identifier: MIT
import {setTimeout} from 'node:timers/promises';

/** One kind of things that is read again when it may have changed. */
export type Part<T> = {
	/**
	 * The next `get` reads: while the part rests, only if that is `urgent`, and then not what a reading finds that has
	 * begun before.
	 */
	invalidate(how?: 'urgent'): void;
	/** The same object as before where nothing changed. Throws what the reading throws, where nothing good is kept. */
	get(): Promise<T>;
	/** Whether the last reading failed. */
	readonly isFailing: boolean;
};

export type PartWorld = {
	/** Milliseconds that never jump. */
	now(): number;
	/** Milliseconds of a core that this process has used. */
	used(): number;
	sleep(ms: number): Promise<unknown>;
	warn(event: string, fields: Readonly<Record<string, string | number>>): void;
};

type Options<T> = {
	/** For the log. */
	readonly name: string;
	read(): Promise<T>;
	/** By default, whether both read the same. */
	readonly isSame?: ((one: T, other: T) => boolean) | undefined;
	/** Longest rest, where not that of a dump. */
	readonly restMax?: number | undefined;
	/** Called when a `get` would read what was invalidated, and when one has found something else than before. */
	due(): void;
	readonly world: PartWorld;
};

/**
 * Where a reading fails, what was last read stands for this long, in ms: tools and dumps fail for a moment while others
 * change what they read, and dom0's rules seldom change just then. Who changes them so that they cannot be read has to
 * wait for no longer.
 */
export const keptFor = 10_000;

/**
 * A reading is followed by a rest, in ms, of this many times the time that it took of a core, so that it takes a fifth
 * of one however often dom0's tools change what it reads. The first change after a rest is read at once. What the
 * process used meanwhile is no more than a bound of that time: others work beside a reading, and on a busy machine so
 * is how long it took. A dump takes some ms even of a thousand devices, so that its rest is bounded, too.
 */
const restFactor = 4;
const restMin = 50;
const dumpRestMax = 200;

/** How dom0's firewall is read in earnest, but for its warnings. */
export const realTime: Omit<PartWorld, 'warn'> = {
	now: () => performance.now(),
	used() {
		const {user, system} = process.cpuUsage();

		return (user + system) / 1000;
	},
	sleep: ms => setTimeout(ms, undefined, {ref: false}),
};

export function createPart<T>(options: Options<T>): Part<T> {
	const {name, read, isSame, restMax = dumpRestMax, due, world} = options;
	const keep = keepSame(isSame);
	let kept: {readonly value: T} | undefined;
	let failingSince: number | undefined;
	let restsUntil = -Infinity;
	let isStale = true;
	/** What was invalidated is wrong for who asks: a reading that has begun, or a rest, does not do. */
	let isUrgent = false;
	let reading: Promise<T> | undefined;
	let isAnnouncing = false;

	const isOver = () => failingSince !== undefined && world.now() - failingSince > keptFor;

	async function take(): Promise<T> {
		const [began, usedBefore, before] = [world.now(), world.used(), kept];

		isStale = false;
		isUrgent = false;
		try {
			kept = {value: keep(await read())};
			failingSince = undefined;
			if (before !== undefined && before.value !== kept.value) {
				// Whoever asked may not be the one who waits for it: parts read one another.
				due();
			}

			return kept.value;
		} catch (error) {
			fail(error, began);
			if (kept === undefined || isOver()) {
				throw error;
			}

			return kept.value;
		} finally {
			const cost = Math.min(world.used() - usedBefore, world.now() - began);

			restsUntil = world.now() + Math.min(restMax, Math.max(restMin, restFactor * cost));
			reading = undefined;
		}
	}

	function fail(error: unknown, began: number): void {
		isStale = true;
		if (failingSince === undefined) {
			const message = error instanceof Error ? error.message : String(error);

			failingSince = began;
			world.warn('firewall.failed', {part: name, keptSeconds: keptFor / 1000, message});
		}
	}

	/** What was invalidated during a reading may be in it, or not: it is due again, after the rest. */
	async function announce(): Promise<void> {
		if (isAnnouncing) {
			return;
		}
		isAnnouncing = true;
		do {
			await reading?.catch(() => undefined);
			const rest = restsUntil - world.now();

			if (rest > 0) {
				await world.sleep(Math.ceil(rest));
			}
			// Another reading may have begun meanwhile, and timers are early by up to a millisecond.
		} while (reading !== undefined || world.now() < restsUntil);
		isAnnouncing = false;
		if (isStale) {
			due();
		}
	}

	return {
		invalidate(how) {
			isStale = true;
			isUrgent ||= how === 'urgent' && !isOver();
			void announce();
		},
		async get() {
			if (isUrgent) {
				await reading?.catch(() => undefined);
			}
			if (reading === undefined) {
				const mayWait = !isUrgent && world.now() < restsUntil && !isOver();

				if (kept !== undefined && (!isStale || mayWait)) {
					return kept.value;
				}
				reading = take();
			}

			return await reading;
		},
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
