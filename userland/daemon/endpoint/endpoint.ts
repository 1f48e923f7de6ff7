// SPDX-License-Identifier: MIT
import {ColoopError} from '../../errors.ts';
import type {Kernel, KernelEvent, ModuleInfo, Peer} from '../../kernel/kernel.ts';
import type {AcceptRule, Identity, Verdict} from '../../policy/types.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {createRescan, type Rescan} from '../rescan.ts';
import {forEach, together} from '../together.ts';
import {isRefusal} from '../../xenstore/declined.ts';
import {helloOf, knowsLinkState, knowsSelectors, tellsCounts} from '../../xenstore/features.ts';
import {apply} from './apply.ts';
import {declinesOf, planDeclines, type Reasons} from './declines.ts';
import {createDetours, type Detours} from './detours.ts';
import {countersPeriod, createCounters, isLive, isWorthLook} from './counters.ts';
import {Module, type ModuleWorld} from './module.ts';
import {report} from './events.ts';
import {limitMemory, mib} from './memory.ts';
import {planEndpoint} from './plan.ts';
import type {Known} from './steps.ts';
import {readKnown} from './read.ts';
import {createLimits, type EnforcedLimits, type LimitsWorld} from './limits.ts';
import {createSilence, type HostState, type Silence} from './silence.ts';
import {createIdle, type Idle} from './idle.ts';
import {createSizes, type Sizes} from './sizes.ts';
import {createBackoff, type Backoff} from './backoff.ts';
import {endUnheard, listenToHost, type UnheardWorld} from './unheard.ts';
import type {Device} from './bind.ts';
import {desiredPeersOf, type DesiredPeer} from './desired.ts';

/** The world of the endpoint role. */
export type EndpointWorld = ModuleWorld &
	LimitsWorld & {
		openStore(): Promise<Store>;
		readonly paths: Own;
		interfaces(): Promise<readonly Device[]>;
		/** The numbers of the vifs that we have in any network namespace. */
		vifs(): Promise<ReadonlySet<string>>;
		/** Hints that our devices may have changed. */
		watchLinks(signal: AbortSignal): AsyncIterable<unknown>;
		decide(peer: Identity): Verdict<AcceptRule>;
		isHeld(peerName: string): boolean;
		/** For how many seconds channels may live on while the host role is silent; undefined: for ever. */
		hostSilence(): number | undefined;
		/** Most that all channels may hold, in MiB; undefined: what the module lets them. */
		memoryMib(): number | undefined;
	};

export type EndpointView = {
	readonly known: Known | undefined;
	readonly desiredPeers: readonly DesiredPeer[];
	readonly isPresent: boolean | undefined;
	readonly info: ModuleInfo | undefined;
	/** What the kernel has right now. */
	readonly peers: readonly Peer[];
	readonly lastFailure: Backoff['lastFailure'];
	readonly reasons: Reasons;
	readonly host: HostState;
};

const period = 30_000;
const retry = 1000;

/** The endpoint role: offer, attach, and take back what dom0 or our policy no longer allow. */
export class Endpoint {
	readonly #world: EndpointWorld;
	readonly #rescan: Rescan;
	readonly #counters: Rescan;
	readonly #backoff: Backoff;
	readonly #sizes: Sizes;
	readonly #idle: Idle;
	readonly #module: Module;
	readonly #detours: Detours;
	readonly #silence: Silence;
	readonly #limits: EnforcedLimits;
	readonly #reasons: Reasons;
	readonly #asked = new Set<string>();
	#known: Known | undefined;
	#notifiesCounts = false;
	#ranges = '';
	#desiredPeers: readonly DesiredPeer[] = [];

	constructor(world: EndpointWorld) {
		this.#world = world;
		this.#rescan = createRescan(world.clock, period);
		this.#counters = createRescan(world.clock, countersPeriod);
		this.#backoff = createBackoff(world.clock);
		this.#sizes = createSizes(world.clock);
		this.#idle = createIdle(world.clock);
		this.#detours = createDetours(world.clock);
		this.#limits = createLimits(world);
		this.#silence = createSilence(world.clock, () => world.hostSilence());
		this.#reasons = {detour: this.#detours.of, isShort: this.#backoff.isShort};
		this.#module = new Module(world, {
			changed: this.#rescan.poke,
			heard: event => this.#hear(event),
		});
	}

	#hear(event: KernelEvent): void {
		report(event, this.#world.log);
		if (event.kind !== 'counts') {
			this.#rescan.poke();
		}
		if (
			event.kind === 'channel' ||
			(event.kind === 'counts' && this.#isWorthLook(event.peer))
		) {
			this.#counters.poke();
		}
	}

	#isWorthLook(peer: Peer): boolean {
		return isWorthLook(peer, this.#looking);
	}

	get #looking() {
		return {
			sizes: this.#sizes,
			detours: this.#detours,
			desiredPeers: () => this.#desiredPeers,
		};
	}

	/** Serves until the signal aborts; throws when XenStore is lost, and may then be run again. */
	async run(signal: AbortSignal): Promise<void> {
		const unheard = {...this.#world, silence: this.#silence};
		try {
			await this.#serve(unheard, signal);
		} catch (error) {
			await endUnheard(unheard);
			throw error;
		}
	}

	async #serve(unheard: UnheardWorld, signal: AbortSignal): Promise<void> {
		const {openStore, watchLinks, paths} = this.#world;
		const store = await openStore();
		const {poke} = this.#rescan;
		const counters = createCounters({
			...this.#world,
			...this.#looking,
			store,
			idle: this.#idle,
			kernel: () => this.#module.kernel,
			notifiesCounts: () => this.#notifiesCounts,
			changed: poke,
		});
		try {
			await together(signal, [
				inner => this.#module.run(inner),
				inner => this.#rescan.run(looking => this.#scan(store, looking), inner),
				inner => forEach(store.watch(paths.fromHost, inner), poke),
				inner => forEach(watchLinks(inner), poke),
				inner => this.#limits.listen(inner, poke),
				inner => this.#counters.run(counters, inner),
				inner => listenToHost(store, unheard, poke, inner),
			]);
		} finally {
			await store.close();
		}
	}

	/** The policy or what is held has changed. */
	poke(): void {
		this.#rescan.poke();
	}

	/** Looks at everything once more and acts on it. */
	settle(): Promise<void> {
		return this.#rescan.settle();
	}

	/** Wants a channel, traffic or not, until there is one. */
	ask(name: string): void {
		this.#asked.add(name);
		for (const desired of this.#desiredPeers) {
			if (desired.name === name) {
				this.#backoff.reset(desired.config.domid);
			}
		}
	}

	unask(name: string): void {
		this.#asked.delete(name);
	}

	async view(): Promise<EndpointView> {
		const {kernel, isPresent} = this.#module;
		const peers = (await kernel?.peers().catch(() => [])) ?? [];
		if (this.#detours.update(peers)) {
			this.#rescan.poke();
		}

		return {
			known: this.#known,
			desiredPeers: this.#desiredPeers,
			isPresent,
			info: await kernel?.info().catch(() => undefined),
			peers,
			lastFailure: this.#backoff.lastFailure,
			reasons: this.#reasons,
			host: this.#silence.state(),
		};
	}

	async #scan(store: Store, looking: () => void): Promise<number | undefined> {
		try {
			return await this.#converge(store, looking);
		} catch (error) {
			/* Its own watch tells when the module has gone; until then, look again. */
			if (error instanceof ColoopError && error.code === 'NO_MODULE') {
				return retry;
			}
			throw error;
		}
	}

	/** Each round shows what comes next: the peer, then the offer, then the attaching. */
	async #converge(store: Store, looking: () => void): Promise<number | undefined> {
		const {paths, log} = this.#world;
		const backoff = this.#backoff;
		for (let round = 0; round < 5; round++) {
			looking();
			const {kernel, isPresent} = this.#module;
			/* Before we know that the module is gone, nothing may be taken back. */
			if (kernel === undefined && isPresent !== false) {
				return undefined;
			}
			const info = await kernel?.info();
			const known = await this.#look(store, kernel, info);
			const declines = declinesOf(known, this.#desiredPeers, this.#reasons);
			const steps = [
				...planEndpoint(known, this.#desiredPeers, await this.#hello(info)),
				...planDeclines(known, declines),
			];
			if (steps.length === 0) {
				return backoff.next();
			}
			if ((await apply(steps, {store, paths, kernel, backoff, log})) > 0) {
				return retry;
			}
		}

		return 0;
	}

	/** Policy may have set other bounds to the rings of live channels. */
	#seeRanges(): void {
		const ranges = JSON.stringify(
			this.#desiredPeers.map(({config, range}) => [config.domid, range]),
		);
		if (ranges !== this.#ranges) {
			this.#counters.poke();
		}
		this.#ranges = ranges;
	}

	async #hello(info: ModuleInfo | undefined): Promise<string> {
		return info === undefined ? '' : helloOf(info, {enforces: await this.#limits.isAble()});
	}

	async #look(
		store: Store,
		kernel: Kernel | undefined,
		info: ModuleInfo | undefined,
	): Promise<Known> {
		const known = await readKnown(store, this.#world.paths, kernel);
		this.#known = known;
		this.#notifiesCounts = info !== undefined && tellsCounts(info);
		this.#detours.update([...(known.kernel?.values() ?? [])]);
		/* Before the kernel hears of a peer, and while it still knows one. */
		const unenforced = known.kernel && (await this.#limits.hold(known));
		const mibMost = this.#world.memoryMib();
		const desiredPeers = desiredPeersOf(known.announced, {
			...this.#world,
			domid: known.domid,
			devices: await this.#world.interfaces(),
			vifs: await this.#world.vifs(),
			takesMtu: info !== undefined && knowsLinkState(info),
			takesSelectors: info !== undefined && knowsSelectors(info),
			unheard: this.#silence.refusal(),
			unenforced,
			isAsked: name => this.#asked.has(name),
			/* An end that declines answers no offer; when it wants a channel after all, it offers. */
			isWaiting: domid =>
				this.#backoff.isWaiting(domid) || isRefusal(known.declinedBy.get(domid)),
			isUnusable: this.#backoff.isUnusable,
			orderFor: (domid, range) =>
				this.#sizes.orderFor(domid, range, this.#backoff.missedAt(domid)),
			mismatch: domid => this.#sizes.sizeMismatch(domid) ?? this.#idle.mismatch(domid),
		});
		this.#desiredPeers =
			mibMost === undefined
				? desiredPeers
				: limitMemory(desiredPeers, known.kernel ?? new Map(), mibMost * mib);
		this.#seeRanges();
		const live = [...(known.kernel?.values() ?? [])].filter(isLive);
		for (const {name} of live) {
			this.#asked.delete(name);
		}
		this.#backoff.update(new Set(live.map(({domid}) => domid)));
		this.#backoff.keep(known.announced.keys());
		this.#sizes.keep(known.announced.keys());

		return known;
	}
}
