// SPDX-License-Identifier: MIT
import type {Inventory} from './inventory.ts';
import type {HostStep} from './steps.ts';
import type {Failures} from './failures.ts';

type Options = {
	readonly inventory: Pick<Inventory, 'domains' | 'update'>;
	/** What a prepared tree says of us. */
	readonly host: string;
	readonly failures: Failures;
	apply(steps: readonly HostStep[]): void;
};

/**
 * How far each domain's tree in XenStore is ours: whether we know what it says, and whether it has its
 * permissions. We are its only writer, so what we know of it stays true until it is made anew.
 */
export class DomainTrees {
	readonly #options: Options;
	readonly #known = new Set<number>();
	readonly #unknown = new Set<number>();
	readonly #prepared = new Set<number>();
	/** About whom each domain may say something. */
	readonly #mentioned = new Map<number, Set<number>>();
	#domids: readonly number[] | undefined;

	constructor(options: Options) {
		this.#options = options;
	}

	/** Those whose trees are known, lowest first. */
	get domids(): readonly number[] {
		this.#domids ??= [...this.#known].sort((a, b) => a - b);

		return this.#domids;
	}

	isKnown(domid: number): boolean {
		return this.#known.has(domid);
	}

	/** Whether something may be announced to it, as its tree is known and has its permissions. */
	isReady(domid: number): boolean {
		return this.#prepared.has(domid);
	}

	/** The next of those that are to be read, of those for which it is possible. */
	next(isPossible: (domid: number) => boolean = () => true): number | undefined {
		for (const domid of this.#unknown) {
			if (this.#options.failures.dueIn(idOf(domid)) === 0 && isPossible(domid)) {
				return domid;
			}
		}

		return undefined;
	}

	get hasUnknown(): boolean {
		return this.#unknown.size > 0 && this.next() !== undefined;
	}

	/** When one that was refused is to be tried again, in ms. */
	dueIn(): number | undefined {
		const waits = [...this.#unknown].map(domid => this.#options.failures.dueIn(idOf(domid)));

		return waits.length === 0 ? undefined : Math.min(...waits);
	}

	invalidate(domid: number): void {
		this.#unknown.add(domid);
		this.#prepared.delete(domid);
		if (this.#known.delete(domid)) {
			this.#domids = undefined;
		}
	}

	take(domid: number, mentioned: ReadonlySet<number>): void {
		this.#unknown.delete(domid);
		this.#known.add(domid);
		this.#domids = undefined;
		mentioned.forEach(about => this.mention(domid, about));
	}

	/** XenStore refused something of it: what it says is to be read again, but not at once. */
	fail(domid: number): void {
		this.invalidate(domid);
		this.#options.failures.add(idOf(domid));
	}

	leave(domid: number): void {
		this.invalidate(domid);
		this.#unknown.delete(domid);
		this.#mentioned.delete(domid);
		this.#options.failures.forget(idOf(domid));
	}

	/** Gives it its permissions, where it has anybody to read it. */
	prepare(domid: number): void {
		const {inventory, host, apply} = this.#options;
		const domain = inventory.domains.get(domid);
		if (domain?.hello === undefined || this.#prepared.has(domid) || !this.isKnown(domid)) {
			return;
		}
		if (domain.host !== host) {
			apply([{kind: 'prepare', domid}]);
			inventory.update(domid, {host});
		}
		this.#prepared.add(domid);
	}

	/** Somebody else has made or emptied the tree that we had prepared. */
	isReplaced(domid: number): boolean {
		const {inventory, host} = this.#options;

		return this.#prepared.has(domid) && inventory.domains.get(domid)?.host !== host;
	}

	mention(domid: number, about: number): void {
		const abouts = this.#mentioned.get(domid) ?? new Set();
		this.#mentioned.set(domid, abouts.add(about));
	}

	setMentioned(domid: number, abouts: ReadonlySet<number>): void {
		this.#mentioned.set(domid, new Set(abouts));
	}

	mentions(domid: number, about: number): boolean {
		return this.#mentioned.get(domid)?.has(about) ?? false;
	}
}

/** Domains and pairs have their failures in one place. */
function idOf(domid: number): number {
	return -1 - domid;
}
