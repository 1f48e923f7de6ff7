// SPDX-License-Identifier: MIT
import type {Domain} from '../../xenstore/discover.ts';
import type {Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';
import {forEach} from '../together.ts';
import {createContext, type Context, type ContextWorld} from './context.ts';

type World = ContextWorld & {
	readonly hints: ReadonlyArray<(signal: AbortSignal) => AsyncIterable<unknown>>;
	readonly clock: Clock;
	readonly log: Log;
};

/** Dom0's devices and rules as they are known, and which vifs they are known for. */
export type CurrentContext = {
	readonly latest: {readonly context: Context; readonly vifs: ReadonlySet<string>} | undefined;
	/**
	 * These are the domains from now on: reads anew if vifs came. Of a vif that went nothing is known any more: one that
	 * comes back under its name is another, and a reading that began before does not have it.
	 */
	cover(domains: Iterable<Domain>): void;
	readonly tasks: ReadonlyArray<(signal: AbortSignal) => Promise<void>>;
};

/* Some of what is read says nothing when it changes. */
const period = 15_000;

/**
 * Reads beside all else, as it may take seconds: until then what was last read counts, and channels
 * and their handshakes go on by that. `changed` is called when `latest` is another.
 */
export function createCurrentContext(world: World, changed: () => void): CurrentContext {
	let latest: CurrentContext['latest'];
	let domains: readonly Domain[] | undefined;
	let isWanted = false;
	/** Vifs that went since the reading that is under way began. */
	let gone = new Set<string>();
	let wake = () => {};
	const want = () => {
		isWanted = true;
		wake();
	};
	const reader = createContext(world, want);

	const follow = async (signal: AbortSignal) => {
		signal.addEventListener('abort', () => wake(), {once: true});
		while (!signal.aborted) {
			if (!isWanted || domains === undefined) {
				await new Promise<void>(resolve => (wake = resolve));
				continue;
			}
			isWanted = false;
			gone = new Set();
			const asked = vifsOf(domains);
			const context = await reader.read(domains);
			const vifs = without(asked, gone);
			if (context !== latest?.context || !isSameSet(vifs, latest.vifs)) {
				latest = {context, vifs};
				changed();
			}
		}
	};
	const refresh = async (signal: AbortSignal) => {
		while (!signal.aborted) {
			await world.clock.sleep(period, signal);
			reader.refresh();
		}
	};
	/* Without hints, e.g. where the kernel has no nftables, there is still the period. */
	const listen = (watch: World['hints'][number]) => async (signal: AbortSignal) => {
		while (!signal.aborted) {
			try {
				await forEach(watch(signal), () => {
					reader.invalidate();
					want();
				});
			} catch (error) {
				world.log.warn('hints.lost', describe(error));
			}
			await world.clock.sleep(period, signal);
		}
	};

	return {
		get latest() {
			return latest;
		},
		cover(these) {
			const before = vifsOf(domains ?? []);
			domains = [...these];
			const vifs = vifsOf(domains);
			const left = without(before, vifs);
			if (left.size > 0) {
				reader.invalidate();
				left.forEach(vif => gone.add(vif));
				latest = latest && {...latest, vifs: without(latest.vifs, left)};
			}
			if (latest === undefined || !isSameSet(vifs, latest.vifs)) {
				want();
			}
		},
		tasks: [follow, refresh, ...world.hints.map(listen)],
	};
}

function vifsOf(domains: readonly Domain[]): Set<string> {
	return new Set(domains.flatMap(({vifs}) => vifs.map(({device}) => device)));
}

function without(all: ReadonlySet<string>, some: ReadonlySet<string>): Set<string> {
	return new Set([...all].filter(each => !some.has(each)));
}

function isSameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
	return one.size === other.size && [...one].every(each => other.has(each));
}
