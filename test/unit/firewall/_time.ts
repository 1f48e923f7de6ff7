// SPDX-License-Identifier: MIT
import {setImmediate} from 'node:timers/promises';
import type {PartWorld} from '../../../userland/firewall/part.ts';

/** Time that moves only when told to, and takes its sleepers along; `early`: they wake so many ms before they wanted to. */
export function fakeTime({early = 0} = {}) {
	const sleeping: {until: number; wake: () => void}[] = [];
	const warnings: string[] = [];
	let now = 1000;
	let used = 0;
	const world: PartWorld = {
		now: () => now,
		used: () => used,
		sleep: ms =>
			new Promise<void>(wake => {
				sleeping.push({until: now + Math.max(0.01, ms - early), wake});
			}),
		warn: (event, fields) => warnings.push(`${event} ${JSON.stringify(fields)}`),
	};

	return {
		world,
		warnings,
		/** Work that takes a core for so long. */
		use(ms: number): void {
			used += ms;
			now += ms;
		},
		async pass(ms: number): Promise<void> {
			const end = now + ms;

			for (;;) {
				await setImmediate();
				const next = sleeping
					.filter(({until}) => until <= end)
					.sort((one, other) => one.until - other.until)[0];

				if (next === undefined) {
					break;
				}
				sleeping.splice(sleeping.indexOf(next), 1);
				now = Math.max(now, next.until);
				next.wake();
			}
			now = end;
			await setImmediate();
		},
	};
}
