// SPDX-License-Identifier: MIT
import {ColoopError} from '../../../userland/errors.ts';
import type {Kernel} from '../../../userland/kernel/kernel.ts';
import type {Store, StorePath} from '../../../userland/xenstore/store.ts';

/** What may go wrong with one daemon's connection. A test changes it at any time. */
export type Wrapping = {
	/** How often each watch event arrives: 0 loses it, 3 brings it three times. */
	arrivals?: () => number;
	/** The connection dies at the next thing done over it. */
	isDead?: boolean;
	/** Called before each operation; what it throws is what the operation throws. */
	before?: (operation: string, path: StorePath) => void;
	/** The same before the kernel offers rings of so many `4096 << order` bytes. */
	offer?: (order: number | undefined) => void;
};

export function wrapStore(store: Store, wrapping: Wrapping): Store {
	const check = (operation: string, path: StorePath) => {
		if (wrapping.isDead) {
			throw new ColoopError('STORE', 'XenStore hung up');
		}
		wrapping.before?.(operation, path);
	};

	return {
		async read(path) {
			check('read', path);

			return store.read(path);
		},
		async write(path, value) {
			check('write', path);

			return store.write(path, value);
		},
		async list(path) {
			check('list', path);

			return store.list(path);
		},
		async remove(path) {
			check('remove', path);

			return store.remove(path);
		},
		async mkdir(path) {
			check('mkdir', path);

			return store.mkdir(path);
		},
		async getPermissions(path) {
			check('getPermissions', path);

			return store.getPermissions(path);
		},
		async setPermissions(path, permissions) {
			check('setPermissions', path);

			return store.setPermissions(path, permissions);
		},
		async *watch(path, signal) {
			let isFirst = true;
			for await (const changed of store.watch(path, signal)) {
				check('watch', path);
				/* The first one is no event but the answer to the registration. */
				const times = isFirst ? 1 : (wrapping.arrivals?.() ?? 1);
				isFirst = false;
				for (let time = 0; time < times; time++) {
					yield changed;
				}
			}
		},
		async transaction(work) {
			check('transaction', '/');

			return store.transaction(work);
		},
		close: () => store.close(),
	};
}

/** The same for what a daemon does to the kernel; reading stays as it is. */
export function wrapKernel(kernel: Kernel, wrapping: Wrapping): Kernel {
	const check = (operation: string, domid: number) => wrapping.before?.(operation, String(domid));

	return {
		...kernel,
		async peerNew(peer) {
			check('peerNew', peer.domid);

			return kernel.peerNew(peer);
		},
		async peerSet(peer) {
			check('peerSet', peer.domid);

			return kernel.peerSet(peer);
		},
		async peerDelete(domid) {
			check('peerDelete', domid);

			return kernel.peerDelete(domid);
		},
		async offer(domid, epoch, options) {
			check('offer', domid);
			wrapping.offer?.(options.order);

			return kernel.offer(domid, epoch, options);
		},
		async attach(domid, epoch, offer) {
			check('attach', domid);

			return kernel.attach(domid, epoch, offer);
		},
		async close(domid) {
			check('close', domid);

			return kernel.close(domid);
		},
	};
}
