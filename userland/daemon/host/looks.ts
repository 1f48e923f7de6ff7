// SPDX-License-Identifier: MIT
import type {Store} from '../../xenstore/store.ts';
import type {Log} from '../log.ts';
import {requestsOf, type Audit} from './audit.ts';
import type {CurrentContext} from './current-context.ts';
import type {GuestNodes} from './guest-nodes.ts';
import type {Inventory} from './inventory.ts';
import {readGuestNode, readSample, readTree} from './trees.ts';
import type {Work} from './work.ts';

type Parts = {
	readonly store: Store;
	readonly log: Log;
	readonly inventory: Inventory;
	readonly nodes: GuestNodes;
	readonly audit: Audit;
	readonly context: CurrentContext;
	readonly work: Work;
};

/** Reads XenStore for the work that follows from it: what watches named, trees that are new, and, in turn, all. */
export class Looks {
	readonly #of: Parts;

	constructor(parts: Parts) {
		this.#of = parts;
	}

	/** What has changed by now, or a part of it where that is much. */
	async changes(): Promise<void> {
		const {store, log, inventory, context, nodes, work} = this.#of;
		await this.#auditOne();
		if (!inventory.isValid) {
			work.change(await inventory.read());
			if (inventory.isValid) {
				context.cover(inventory.domains.values());
			}
		}
		const taken = nodes.take();
		const read = await Promise.all(
			taken.map(({domid, node}) => readGuestNode(store, domid, node, log)),
		);
		read.forEach((found, index) => {
			const {domid = -1} = taken[index] ?? {};
			work.hearing.hear(domid, found);
		});
	}

	/** The tree of one domain that is not known yet, so that others have their turn between. */
	async nextTree(): Promise<void> {
		const {store, log, work} = this.#of;
		const domid = work.nextToAdopt();
		if (domid === undefined) {
			return;
		}
		const tree = await readTree(store, domid, log, about => work.mayTalk(domid, about));
		work.adopt(domid, tree);
	}

	/** Reads one domain again although nothing says that it changed. */
	async #auditOne(): Promise<void> {
		const {store, inventory, audit, work} = this.#of;
		const {domids} = work.trees;
		if (audit.dueIn() > 0) {
			return;
		}
		const domid = audit.next(domids);
		inventory.invalidateList();
		audit.spent(1, domids.length);
		const domain = domid === undefined ? undefined : inventory.domains.get(domid);
		if (domid === undefined || domain === undefined) {
			return;
		}
		inventory.invalidate(domid);
		const sample = await readSample(store, domid, about => work.hearing.mention(domid, about));
		work.hearing.compare(domid, sample);
		audit.spent(requestsOf(domain, sample?.fromGuest.size ?? 0), domids.length);
	}
}
