// SPDX-License-Identifier: MIT
import {ColoopError} from '../../errors.ts';
import type {Kernel, KernelEvent, ModuleInfo, Peer} from '../../kernel/kernel.ts';
import type {AcceptRule, Verdict} from '../../policy/types.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {createRescan} from '../rescan.ts';
import {forEach, together} from '../together.ts';
import {renderHello} from '../values.ts';
import {apply} from './apply.ts';
import {createModule, type ModuleWorld} from './module.ts';
import {plan, type Known} from './plan.ts';
import {readKnown} from './read.ts';
import {tellStats} from './stats.ts';
import {createTries, type Tries} from './tries.ts';
import {wish, type Device, type Wish} from './wish.ts';

/** The world of the endpoint role. */
export type EndpointWorld = ModuleWorld & {
	openStore(): Promise<Store>;
	readonly paths: Own;
	interfaces(): Promise<readonly Device[]>;
	/** Hints that our devices may have changed. */
	watchLinks(signal: AbortSignal): AsyncIterable<unknown>;
	decide(peerName: string): Verdict<AcceptRule>;
	isHeld(peerName: string): boolean;
};

export type EndpointView = {
	readonly known: Known | undefined;
	readonly wishes: readonly Wish[];
	readonly isPresent: boolean | undefined;
	readonly info: ModuleInfo | undefined;
	/** What the kernel has right now. */
	readonly peers: readonly Peer[];
	readonly lastFailure: Tries['lastFailure'];
};

export type Endpoint = {
	/** Serves until the signal aborts; throws when XenStore is lost, and may then be run again. */
	run(signal: AbortSignal): Promise<void>;
	poke(): void;
	/** Looks at everything once more and acts on it. */
	settle(): Promise<void>;
	/** Wants a channel, traffic or not, until there is one. */
	ask(name: string): void;
	unask(name: string): void;
	view(): Promise<EndpointView>;
};

const period = 30_000;
const retry = 1000;

/** The endpoint role: offer, attach, and take back what dom0 or our policy no longer allow. */
export function createEndpoint(world: EndpointWorld): Endpoint {
	const {clock, log, paths} = world;
	const rescan = createRescan(clock, period);
	const tries = createTries(clock);
	const asked = new Set<string>();
	const heard = (event: KernelEvent) => {
		logEvent(event, world);
		rescan.poke();
	};
	const module = createModule(world, {changed: rescan.poke, heard});
	let known: Known | undefined;
	let wishes: readonly Wish[] = [];

	const look = async (store: Store, kernel: Kernel | undefined): Promise<Known> => {
		known = await readKnown(store, paths, kernel);
		wishes = wish(known.announced, {
			...world,
			domid: known.domid,
			devices: await world.interfaces(),
			isAsked: name => asked.has(name),
			isWaiting: tries.isWaiting,
		});
		const live = [...(known.kernel?.values() ?? [])].filter(isLive);
		for (const {name} of live) asked.delete(name);
		tries.saw(new Set(live.map(({domid}) => domid)));
		tries.keep(known.announced.keys());
		return known;
	};
	/* Each round shows what comes next: the peer, then the offer, then the attaching. */
	const scan = async (store: Store): Promise<number | undefined> => {
		const kernel = module.kernel();
		/* Before we know that the module is gone, nothing may be taken back. */
		if (kernel === undefined && module.isPresent() !== false) return undefined;
		for (let rounds = 0; rounds < 5; rounds++) {
			const now = await look(store, kernel);
			const steps = plan(now, wishes, kernel ? hello(await kernel.info()) : '');
			if (steps.length === 0) return tries.next();
			if ((await apply(steps, {store, paths, kernel, tries, log})) > 0) return retry;
		}
		return 0;
	};
	/* Its own watch tells when the module has gone; until then, look again. */
	const scanOrWait = async (store: Store): Promise<number | undefined> => {
		try {
			return await scan(store);
		} catch (error) {
			if (error instanceof ColoopError && error.code === 'NO_MODULE') return retry;
			throw error;
		}
	};

	return {
		poke: rescan.poke,
		settle: rescan.settle,
		ask(name) {
			asked.add(name);
			for (const {config} of wishes) if (config.name === name) tries.reset(config.domid);
		},
		unask: name => void asked.delete(name),
		async run(signal) {
			const store = await world.openStore();
			try {
				await together(signal, [
					inner => module.run(inner),
					inner => rescan.run(() => scanOrWait(store), inner),
					inner => forEach(store.watch(paths.told, inner), rescan.poke),
					inner => forEach(world.watchLinks(inner), rescan.poke),
					inner => tellStats(store, paths, module.kernel, clock, inner),
				]);
			} finally {
				await store.close();
			}
		},
		async view() {
			const kernel = module.kernel();
			const peers = (await kernel?.peers().catch(() => [])) ?? [];
			const info = await kernel?.info().catch(() => undefined);
			const {lastFailure} = tries;
			return {known, wishes, isPresent: module.isPresent(), info, peers, lastFailure};
		},
	};
}

function isLive({channel}: Peer): boolean {
	return channel?.state === 'live';
}

function hello({protocolMin, protocolMax, features}: ModuleInfo): string {
	return renderHello({min: protocolMin, max: protocolMax, features});
}

function logEvent(event: KernelEvent, {log}: ModuleWorld): void {
	if (event.kind === 'channel') {
		const {name, domid, epoch, channel} = event.peer;
		const {state, reason, detail} = channel ?? {state: 'closed', reason: 'none', detail: 0};
		const verb = state === 'live' ? 'channel.opened' : `channel.${state}`;
		const level = state === 'broken' || state === 'stalled' ? 'warn' : 'info';
		log[level](verb, {peer: name, domid, epoch, reason, detail});
		return;
	}
	const peer = event.kind === 'want' ? {peer: event.peer.name, domid: event.peer.domid} : {};
	log.debug(`kernel.${event.kind}`, peer);
}
