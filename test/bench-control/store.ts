// SPDX-License-Identifier: MIT
//
// A XenStore that answers for any number of guests by computing, and keeps what guests say and nothing of
// what dom0 writes: its own memory and time are not in the figures.
import {eventQueue, type EventQueue} from '../../userland/event-queue.ts';
import type {Store, StorePath} from '../../userland/xenstore/store.ts';

export type ComputedStore = {
	/** One connection of dom0. */
	connect(): Store;
	/** What a guest says; without a value, that it says no more. */
	say(domid: number, node: string, value: string | undefined): void;
	rename(domid: number, name: string): void;
	readonly requests: {reads: number; writes: number};
	/** What dom0 wrote last, by path; only of paths that `keep` names. */
	readonly kept: ReadonlyMap<StorePath, string>;
	forget(path: StorePath): void;
};

export function computedStore(
	guests: number,
	keep: (path: StorePath) => boolean = () => false,
): ComputedStore {
	const nodes = new Map<StorePath, string>();
	const kept = new Map<StorePath, string>();
	const watches = new Map<StorePath, EventQueue<StorePath>>();
	const requests = {reads: 0, writes: 0};
	const domids = Array.from({length: guests + 1}, (_, domid) => String(domid));

	/* Whom each domain was told of: a bit for each pair and direction. */
	const told = new Uint8Array((((guests + 1) ** 2) >> 3) + 1);
	const tell = (path: StorePath, isTold: boolean) => {
		const [, domid = '', about = ''] =
			/^\/local\/domain\/(\d+)\/coloop\/peers\/(\d+)$/.exec(path) ?? [];
		if (about !== '') {
			const bit = Number(domid) * (guests + 1) + Number(about);
			const mask = 1 << (bit & 7);
			told[bit >> 3] = isTold ? (told[bit >> 3] ?? 0) | mask : (told[bit >> 3] ?? 0) & ~mask;
		}
	};
	const toldOf = (domid: number) =>
		domids.filter((_, about) => {
			const bit = domid * (guests + 1) + about;

			return ((told[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
		});

	const fire = (path: StorePath) => {
		for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) {
			watches.get(at)?.push(path);
		}
	};
	const set = (path: StorePath, value: string | undefined) => {
		if (value === undefined) {
			nodes.delete(path);
		} else {
			nodes.set(path, value);
		}
		fire(path);
	};
	const read = (path: StorePath): string | undefined => nodes.get(path) ?? compute(path);
	const list = (path: StorePath): string[] => {
		if (path === '/local/domain') {
			return domids;
		}
		if (/^\/local\/domain\/0\/backend\/vif\/\d+$/.test(path)) {
			return ['0'];
		}

		const peers = /^\/local\/domain\/(\d+)\/coloop\/peers$/.exec(path);
		if (peers) {
			return toldOf(Number(peers[1]));
		}

		return [...nodes.keys()]
			.filter(each => each.startsWith(`${path}/`))
			.map(each => each.slice(path.length + 1));
	};
	const write = (path: StorePath, value: string) => {
		requests.writes += 1;
		tell(path, true);
		if (keep(path)) {
			kept.set(path, value);
		}
		if (path.endsWith('/coloop/host')) {
			nodes.set(path, value);
		}
	};

	const store: Store = {
		read: async path => {
			requests.reads += 1;

			return read(path);
		},
		list: async path => {
			requests.reads += 1;

			return list(path);
		},
		write: async (path, value) => write(path, value),
		remove: async path => {
			requests.writes += 1;
			tell(path, false);
			kept.delete(path);
		},
		mkdir: async () => void (requests.writes += 1),
		getPermissions: async () => [],
		setPermissions: async () => void (requests.writes += 1),
		watch(path, signal) {
			const queue = eventQueue<StorePath>({
				...{signal, overflow: path},
				stop: () => watches.delete(path),
			});
			watches.set(path, queue);
			queue.push(path);

			return queue;
		},
		close: async () => {},
		/* There is one connection. */
		transaction: work => work(store),
	};

	return {
		requests,
		kept,
		forget: path => void kept.delete(path),
		say: (domid, node, value) => set(`/local/domain/${domid}/data/coloop/${node}`, value),
		rename: (domid, name) => set(`/local/domain/${domid}/name`, name),
		connect: () => store,
	};
}

export function nameOf(domid: number): string {
	return domid === 0 ? 'Domain-0' : `${domid % 2 === 0 ? 'db' : 'web'}-${domid}`;
}

export function macOf(domid: number): string {
	const hex = domid.toString(16).padStart(6, '0');

	return `00:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}

/** What toolstack, netback and an idle endpoint have written for each domain. */
function compute(path: StorePath): string | undefined {
	const vif = /^\/local\/domain\/0\/backend\/vif\/(\d+)\/0\/(mac|state)$/.exec(path);
	if (vif) {
		return vif[2] === 'mac' ? macOf(Number(vif[1])) : '4';
	}
	const own = /^\/local\/domain\/(\d+)\/(name|vm|data\/coloop\/hello)$/.exec(path);
	const domid = Number(own?.[1]);

	switch (own?.[2]) {
		case 'name':
			return nameOf(domid);
		case 'vm':
			return `/vm/00000000-0000-4000-8000-${String(domid).padStart(12, '0')}`;
		case 'data/coloop/hello':
			return '1 1 65537';
		default:
			return undefined;
	}
}
