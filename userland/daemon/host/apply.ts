// SPDX-License-Identifier: MIT
import {renderDeclined} from '../../xenstore/declined.ts';
import {isLeftover} from '../../xenstore/discover.ts';
import {domainPath, pathsOf} from '../../xenstore/paths.ts';
import {refusalName} from '../../xenstore/errors.ts';
import type {Store, StorePath} from '../../xenstore/store.ts';
import {renderAnnouncement} from '../../xenstore/announcement.ts';
import {renderOffer} from '../../xenstore/values.ts';
import type {Log} from '../log.ts';
import type {HostStep} from './steps.ts';

/** Does steps in the order in which they are given, without waiting for each other's answers. */
export type Applier = {
	apply(steps: readonly HostStep[]): void;
	/** Steps that XenStore has not answered yet. */
	readonly underWay: number;
	/** Waits while more than so many are under way; throws what ended the connection. */
	settle(most: number): Promise<void>;
};

type Options = {
	readonly store: Store;
	/** What a prepared tree says of us. */
	readonly host: string;
	readonly log: Log;
	/** XenStore refused a step, which may be half done. */
	refused(step: HostStep, error: unknown): void;
};

/*
 * XenStore takes requests in the order in which they are sent. Whether it refuses one is heard later:
 * then something of that pair or domain may stand that should not, which is the caller's to mend.
 */
export function createApplier({store, host, log, refused}: Options): Applier {
	let underWay = 0;
	let lost: {readonly error: unknown} | undefined;
	let wake = () => {};

	const end = () => {
		underWay -= 1;
		wake();
	};
	const start = (step: HostStep) => {
		underWay += 1;
		act(step, store, host).then(
			() => {
				report(step, log);
				end();
			},
			(error: unknown) => {
				if (refusalName(error) === undefined) {
					lost ??= {error};
				} else {
					refused(step, error);
				}
				end();
			},
		);
	};

	return {
		get underWay() {
			return underWay;
		},
		apply: steps => steps.forEach(start),
		async settle(most) {
			while (underWay > most && lost === undefined) {
				await new Promise<void>(resolve => (wake = resolve));
			}
			if (lost !== undefined) {
				throw lost.error;
			}
		},
	};
}

async function act(step: HostStep, store: Store, host: string): Promise<unknown> {
	switch (step.kind) {
		case 'prepare':
			return prepare(store, step.domid, host);
		case 'announce':
			return store.write(
				`${pathsOf(step.to).peers}/${step.peer}`,
				renderAnnouncement(step.value),
			);
		case 'withdraw': {
			const {relayed, declinedBy, peers} = pathsOf(step.from);
			const paths = step.isBare ? [peers] : [relayed, declinedBy, peers];

			return Promise.all(paths.map(path => store.remove(`${path}/${step.peer}`)));
		}
		case 'relay':
			return store.write(`${pathsOf(step.to).relayed}/${step.from}`, renderOffer(step.value));
		case 'unrelay':
			return store.remove(`${pathsOf(step.to).relayed}/${step.from}`);
		case 'decline': {
			const path = `${pathsOf(step.to).declinedBy}/${step.from}`;

			return step.value === undefined
				? store.remove(path)
				: store.write(path, renderDeclined(step.value));
		}
		case 'sweep':
			return sweep(store, domainPath(step.domid));
	}
}

/** The domid may be that of a new domain since we looked: then the tree stays. */
async function sweep(store: Store, path: StorePath, tries = 5): Promise<void> {
	try {
		await store.transaction(async within => {
			if (isLeftover(await within.list(path))) {
				await within.remove(path);
			}
		});
	} catch (error) {
		if (refusalName(error) !== 'EAGAIN' || tries === 1) {
			throw error;
		}
		await sweep(store, path, tries - 1);
	}
}

/*
 * Children take their parent's permissions when they are made: the subtree gets its own before
 * there is any value in it, and `host` is written last so that it proves the rest.
 */
async function prepare(store: Store, domid: number, host: string): Promise<void> {
	const {fromHost, host: path} = pathsOf(domid);
	/* All are sent before any other step's: nobody waits for answers. */
	await Promise.all([
		store.mkdir(fromHost),
		store.setPermissions(fromHost, [
			{domid: 0, access: 'none'},
			...(domid === 0 ? [] : [{domid, access: 'read'} as const]),
		]),
		store.write(path, host),
	]);
}

function report(step: HostStep, log: Log): void {
	switch (step.kind) {
		case 'prepare':
			log.info('domain.prepared', {domid: step.domid});

			return;
		case 'announce': {
			const {name: peer, epoch} = step.value;
			log.info('peer.announced', {domid: step.to, peer, peer_domid: step.peer, epoch});

			return;
		}
		case 'withdraw':
			log.info('peer.withdrawn', {domid: step.from, peer_domid: step.peer});

			return;
		case 'relay': {
			const {epoch, state} = step.value;
			log.debug('offer.relayed', {domid: step.to, from: step.from, epoch, state});

			return;
		}
		case 'unrelay':
			log.debug('offer.removed', {domid: step.to, from: step.from});

			return;
		case 'decline':
			log.info('decline.relayed', {domid: step.to, from: step.from, ...step.value});

			return;
		case 'sweep':
			log.info('domain.swept', {domid: step.domid});
	}
}
