// SPDX-License-Identifier: MIT
import {linkState} from '../../../userland/xenstore/features.ts';
import {parseAnnouncement} from '../../../userland/xenstore/announcement.ts';
import {renderHello, renderOffer} from '../../../userland/xenstore/values.ts';
import {domainPath, pathsOf, vifsPath} from '../../../userland/xenstore/paths.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import type {Xenstored} from './xenstored.ts';

/** A guest: a network namespace at the other end of its vif, and what its endpoint says in XenStore. */
export type Guest = {
	readonly name: string;
	readonly domid: number;
	/** In dom0, `vif3.0`; at the guest's end it is `eth0`. */
	readonly device: string;
	readonly mac: string;
	readonly ip: string;
	readonly ip6: string;
	/** Its own connection to XenStore. */
	readonly store: Store;
	/** What its endpoint role says first: that it speaks the protocol. */
	hello(): Promise<void>;
	/** Offers that peer the life of their channel that dom0 announced last. */
	offer(peer: number, state?: 'offered' | 'live' | 'closed'): Promise<void>;
};

type Identity = {readonly name: string; readonly domid: number};

/** Where everything of a domain is; of dom0 the bridge is its device. */
export function addressesOf({name, domid}: Identity) {
	const [high, low] = [domid >> 8, domid & 0xff];
	const hex = [high, low].map(byte => byte.toString(16).padStart(2, '0')).join(':');
	const isDom0 = domid === 0;

	return {
		name,
		domid,
		device: isDom0 ? 'xenbr0' : `vif${domid}.0`,
		mac: `00:16:3e:00:${hex}`,
		ip: isDom0 ? '10.0.255.254' : `10.0.${high}.${low}`,
		ip6: isDom0 ? 'fd00::fffe' : `fd00::${domid.toString(16)}`,
	};
}

/** Makes the domain in XenStore as libxl does; its vif is connected. */
export async function makeGuest(identity: Identity, xenstored: Xenstored): Promise<Guest> {
	const {name, domid} = identity;
	const addresses = addressesOf(identity);
	const dom0 = await xenstored.connect(0);
	const backend = `${vifsPath(domid)}/0`;

	if (domid !== 0) {
		await xenstored.introduce(domid, name);
		await dom0.write(
			`${domainPath(domid)}/vm`,
			`/vm/00000000-0000-4000-8000-${uuidEnd(domid)}`,
		);
		await dom0.write(`${backend}/mac`, addresses.mac);
		await dom0.write(`${backend}/bridge`, 'xenbr0');
		await dom0.write(`${backend}/state`, '4');
	}
	await dom0.close();

	const store = await xenstored.connect(domid);
	const own = pathsOf(domid);

	return {
		...addresses,
		store,
		hello: () =>
			store.write(own.hello, renderHello({min: 1, max: 1, features: linkState | 0xff})),
		async offer(peer, state = 'offered') {
			const told = parseAnnouncement((await store.read(`${own.peers}/${peer}`)) ?? '');
			if (told === undefined) {
				throw new Error(`${name} has not been told of ${peer}`);
			}
			const value = {epoch: told.epoch, state, version: 1, controlRef: 8, eventPort: 9};
			await store.write(`${own.offers}/${peer}`, renderOffer(value));
		},
	};
}

function uuidEnd(domid: number): string {
	return domid.toString(16).padStart(12, '0');
}
