// SPDX-License-Identifier: MIT
import type {Kernel, KernelEvent} from '../../kernel/kernel.ts';
import type {Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';
import {forEach} from '../together.ts';

export type ModuleWorld = {
	openKernel(): Promise<Kernel>;
	watchModule(signal: AbortSignal): AsyncIterable<'present' | 'absent'>;
	readonly clock: Clock;
	readonly log: Log;
};

/** `changed` is called when the module came or went, `heard` for each of its notifications. */
type ModuleCalls = {changed(): void; heard(event: KernelEvent): void};

const retry = 1000;

/** The module as it comes and goes. */
export class Module {
	readonly #world: ModuleWorld;
	readonly #calls: ModuleCalls;
	#isPresent: boolean | undefined;
	#kernel: Kernel | undefined;

	constructor(world: ModuleWorld, calls: ModuleCalls) {
		this.#world = world;
		this.#calls = calls;
	}

	/** Whether it is loaded; undefined before we know. */
	get isPresent(): boolean | undefined {
		return this.#isPresent;
	}

	/** Its control interface, while that is open. */
	get kernel(): Kernel | undefined {
		return this.#kernel;
	}

	async run(signal: AbortSignal): Promise<void> {
		let current = new AbortController();
		let serving = Promise.resolve();
		const stop = () => current.abort();
		signal.addEventListener('abort', stop);
		try {
			for await (const state of this.#changes(signal)) {
				stop();
				if (state === 'absent') {
					continue;
				}
				const next = new AbortController();
				current = next;
				serving = serving.then(() => this.#keepServing(next.signal));
			}
		} finally {
			signal.removeEventListener('abort', stop);
			stop();
			await serving;
			this.#isPresent = undefined;
		}
	}

	async *#changes(signal: AbortSignal): AsyncGenerator<'present' | 'absent'> {
		for await (const state of this.#world.watchModule(signal)) {
			if (this.#isPresent === (state === 'present')) {
				continue;
			}
			this.#isPresent = state === 'present';
			this.#world.log.info(this.#isPresent ? 'module.found' : 'module.missed');
			yield state;
			this.#calls.changed();
		}
	}

	async #keepServing(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			try {
				await this.#serve(signal);
			} catch (error) {
				if (!signal.aborted) {
					this.#world.log.warn('module.lost', describe(error));
				}
			}
			await this.#world.clock.sleep(retry, signal);
		}
	}

	async #serve(signal: AbortSignal): Promise<void> {
		const kernel = await this.#world.openKernel();
		try {
			/* Listen first: what happens after the first reading must not be missed. */
			const events = kernel.events(signal);
			this.#kernel = kernel;
			this.#calls.changed();
			await forEach(events, event => this.#calls.heard(event));
		} finally {
			this.#kernel = undefined;
			await kernel.dispose();
		}
	}
}
