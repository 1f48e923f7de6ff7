// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';

/**
 * The daemons of a lab, which rows run without. A look around, which each of them takes every few
 * seconds, is worth up to 0.3 s of an emulated machine, and one second of a row has one or has none:
 * that was the difference between two runs of it. Channels stay live meanwhile.
 */
export class Daemons {
	#stopped: readonly Guest[] = [];

	/** Stops those of some machines, and lets all others go on. */
	async stop(machines: readonly Guest[]): Promise<void> {
		if (isSame(machines, this.#stopped)) {
			return;
		}
		await this.goOn();
		this.#stopped = machines;
		await signal('STOP', machines);
	}

	async goOn(): Promise<void> {
		const stopped = this.#stopped;
		this.#stopped = [];
		await signal('CONT', stopped);
	}
}

function isSame(some: readonly Guest[], others: readonly Guest[]): boolean {
	return some.length === others.length && some.every(each => others.includes(each));
}

async function signal(name: 'STOP' | 'CONT', machines: readonly Guest[]): Promise<void> {
	const command = `kill -${name} $(cat /run/coloop/pid)`;
	await Promise.all(machines.map(each => each.run(command, {silent: true})));
}
