// SPDX-License-Identifier: MIT
import type {Identity, LimitsRule, PairRule, Verdict} from '../../policy/types.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Clock} from '../clock.ts';
import type {Log} from '../log.ts';
import {together} from '../together.ts';
import {Session} from './session.ts';
import type {ContextWorld} from './context.ts';
import {emptyView, type HostView} from './view.ts';

/** The world of the host role. */
export type HostWorld = ContextWorld & {
	openStore(): Promise<Store>;
	/** Hints that dom0's devices or rules may have changed. */
	readonly hints: ReadonlyArray<(signal: AbortSignal) => AsyncIterable<unknown>>;
	decide(a: Identity, b: Identity): Verdict<PairRule>;
	isHeld(nameA: string, nameB: string): boolean;
	limitsOf(domain: Identity): LimitsRule | undefined;
	readonly clock: Clock;
	readonly log: Log;
};

/** The role of dom0: who is here, who may, announce, relay. */
export class Host {
	readonly #world: HostWorld;
	#session: Session | undefined;

	constructor(world: HostWorld) {
		this.#world = world;
	}

	/** Serves until the signal aborts; throws when XenStore is lost, and may then be run again. */
	async run(signal: AbortSignal): Promise<void> {
		const store = await this.#world.openStore();
		const session = new Session(store, this.#world);
		this.#session = session;
		try {
			await together(signal, session.tasks());
		} finally {
			this.#session = undefined;
			session.release();
			await store.close();
		}
	}

	/** The policy or what is held has changed. */
	poke(): void {
		this.#session?.poke();
	}

	/** Judges all once more, and waits until that and what follows is done; at once where nothing runs. */
	async settle(): Promise<void> {
		await this.#session?.settle();
	}

	/** The pairs as they stand, and where their counters are. */
	view(): HostView {
		return this.#session?.view() ?? emptyView;
	}
}
