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

/** The module as it comes and goes. */
export type Module = {
	/** Whether it is loaded; undefined before we know. */
	isPresent(): boolean | undefined;
	/** Its control interface, while that is open. */
	kernel(): Kernel | undefined;
	run(signal: AbortSignal): Promise<void>;
};

const retry = 1000;

/** `changed` is called when the module came or went, `heard` for each of its notifications. */
export function createModule(
	world: ModuleWorld,
	{changed, heard}: {changed: () => void; heard: (event: KernelEvent) => void},
): Module {
	let isPresent: boolean | undefined;
	let kernel: Kernel | undefined;

	const serve = async (signal: AbortSignal) => {
		const opened = await world.openKernel();
		try {
			/* Listen first: what happens after the first reading must not be missed. */
			const events = opened.events(signal);
			kernel = opened;
			changed();
			await forEach(events, heard);
		} finally {
			kernel = undefined;
			await opened.dispose();
		}
	};
	const keepServing = async (signal: AbortSignal) => {
		while (!signal.aborted) {
			try {
				await serve(signal);
			} catch (error) {
				if (!signal.aborted) world.log.warn('module.lost', describe(error));
			}
			await world.clock.sleep(retry, signal);
		}
	};
	const follow = async (signal: AbortSignal, say: (state: 'present' | 'absent') => void) => {
		for await (const state of world.watchModule(signal)) {
			if (isPresent === (state === 'present')) continue;
			isPresent = state === 'present';
			world.log.info(isPresent ? 'module.found' : 'module.missed');
			say(state);
			changed();
		}
	};

	return {
		isPresent: () => isPresent,
		kernel: () => kernel,
		async run(signal) {
			let current = new AbortController();
			let serving = Promise.resolve();
			const stop = () => current.abort();
			signal.addEventListener('abort', stop);
			try {
				await follow(signal, state => {
					current.abort();
					if (state === 'absent') return;
					current = new AbortController();
					serving = serving.then(() => keepServing(current.signal));
				});
			} finally {
				signal.removeEventListener('abort', stop);
				stop();
				await serving;
				isPresent = undefined;
			}
		},
	};
}
