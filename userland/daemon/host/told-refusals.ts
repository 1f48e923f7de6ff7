// SPDX-License-Identifier: MIT
import type {Refusal} from '../refusal.ts';
import {highOf, lowOf} from './pair.ts';

/** As many as `coloop observe` remembers; a host has half a million pairs. */
const most = 256;
/** Of these, such as policy refuses, which is what most pairs of a large host are. */
const mostOfPolicy = 64;

/** Pairs whose refusal was told, though they never were allowed: each is, once, while both ends run coloopd. */
export class ToldRefusals {
	readonly #told = new Map<number, string>();
	#ofPolicy = 0;

	/** Notes it; `wasAllowed`: it is told in any case. Answers whether to tell it. */
	take(key: number, {code, reason}: Refusal, wasAllowed: boolean): boolean {
		if (code === 'absent') {
			this.forget(key);

			return wasAllowed;
		}
		/* In which line a policy does not allow it is no news. */
		const what = code === 'policy' ? code : `${code} ${reason}`;
		if (this.#told.get(key) === what) {
			return wasAllowed;
		}
		this.forget(key);
		const hasRoom = code !== 'policy' || this.#ofPolicy < mostOfPolicy;
		if (this.#told.size >= most || !hasRoom) {
			return wasAllowed;
		}
		this.#told.set(key, what);
		this.#ofPolicy += code === 'policy' ? 1 : 0;

		return true;
	}

	/** It may have a channel now, or is no more: the next refusal is news. */
	forget(key: number): void {
		const what = this.#told.get(key);
		this.#told.delete(key);
		this.#ofPolicy -= what === 'policy' ? 1 : 0;
	}

	leave(domid: number): void {
		for (const key of [...this.#told.keys()]) {
			if (lowOf(key) === domid || highOf(key) === domid) {
				this.forget(key);
			}
		}
	}
}
