// SPDX-License-Identifier: MIT
import type {Agenda} from './agenda.ts';
import type {DomainTrees} from './domain-trees.ts';
import type {GuestNodes} from './guest-nodes.ts';
import type {Inventory} from './inventory.ts';
import {domidsOf, keyOf, sideOf, announcedTo} from './pair.ts';
import type {PairTable} from './pairs.ts';
import type {Heard, Sample} from './trees.ts';

type Hearer = {
	readonly inventory: Pick<Inventory, 'domains' | 'invalidate' | 'update'>;
	readonly nodes: Pick<GuestNodes, 'add'>;
	readonly trees: DomainTrees;
	readonly pairs: PairTable;
	readonly agenda: Pick<Agenda, 'urgent'>;
	/** A domain is otherwise than it was judged. */
	renew(): void;
	/** What the domain was told is not known any more. */
	reread(domid: number): void;
};

/** What domains say: whose pairs it matters to, and what is still to be asked for. */
export class Hearing {
	readonly #to: Hearer;

	constructor(to: Hearer) {
		this.#to = to;
	}

	/** Whether anybody wants to know what a domain says of another; else it is noted that it may. */
	mention(domid: number, about: number): boolean {
		if (!this.#to.inventory.domains.has(about)) {
			return false;
		}
		this.#to.trees.mention(domid, about);

		return this.#to.pairs.get(keyOf(domid, about)) !== undefined;
	}

	hear(domid: number, heard: Heard): void {
		const {inventory} = this.#to;
		if ('areVifsChanged' in heard) {
			inventory.invalidate(domid);
		}
		if ('hello' in heard && inventory.update(domid, {hello: heard.hello})) {
			this.#to.renew();
		}
		if ('mentioned' in heard) {
			this.#hearNames(domid, heard.mentioned);
		}
		if ('about' in heard) {
			this.#takeFromGuest(domid, heard.about, heard.fromGuest);
		}
	}

	#takeFromGuest(
		domid: number,
		about: number,
		fromGuest: Parameters<PairTable['hear']>[2],
	): void {
		const key = keyOf(domid, about);

		if (this.#to.pairs.hear(key, domid, fromGuest)) {
			this.#to.agenda.urgent.add(key);
		}
	}

	/** Takes what a domain says, and reads its tree anew where that is not as we know it. */
	compare(domid: number, sample: Sample | undefined): void {
		if (sample === undefined) {
			return;
		}
		const {announced, fromGuest, mentioned} = sample;
		const isSame = this.#to.trees.domids.every(
			about => announced.has(about) === this.#isAnnounced(domid, about),
		);
		if (!isSame) {
			this.#to.reread(domid);
		}
		fromGuest.forEach((value, about) => this.#takeFromGuest(domid, about, value));
		this.#hearSilence(domid, mentioned);
	}

	/** Reads what it said of another before anybody wanted to know, if anything. */
	ask(domid: number, about: number): void {
		if (this.#to.trees.isKnown(domid) && this.#to.trees.mentions(domid, about)) {
			this.#to.nodes.add(domid, {kind: 'offer', about});
			this.#to.nodes.add(domid, {kind: 'declined', about});
		}
	}

	#hearNames(domid: number, mentioned: ReadonlySet<number>): void {
		this.#hearSilence(domid, mentioned);
		for (const about of mentioned) {
			if (this.#to.pairs.get(keyOf(domid, about))) {
				this.ask(domid, about);
			}
		}
	}

	/** Of whom it says nothing any more. */
	#hearSilence(domid: number, mentioned: ReadonlySet<number>): void {
		this.#to.trees.setMentioned(domid, mentioned);
		for (const key of this.#to.pairs.active) {
			const [a, b] = domidsOf(key);
			const about = a === domid ? b : a;
			if ((a === domid || b === domid) && !mentioned.has(about)) {
				this.#takeFromGuest(domid, about, {offer: undefined, declined: undefined});
			}
		}
	}

	#isAnnounced(domid: number, about: number): boolean {
		const pair = this.#to.pairs.get(keyOf(domid, about));

		return pair !== undefined && announcedTo(pair, sideOf(pair, domid)) !== 0;
	}
}
