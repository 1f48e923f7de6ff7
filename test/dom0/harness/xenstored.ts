// SPDX-License-Identifier: MIT
import {mkdir, rename} from 'node:fs/promises';
import {join} from 'node:path';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {serve, type Server} from '../../unit/xenstore/_server.ts';

/** A xenstored that dom0's programs find at /run/xenstored/socket. */
export type Xenstored = {
	/** A connection of ours, as that domain. */
	connect(domid: number): Promise<Store>;
	/** Makes what a toolstack makes for a guest, and says `@introduceDomain`. */
	introduce(domid: number, name: string): Promise<void>;
	/** Ends the domain: its tree goes, and `@releaseDomain` is said. */
	release(domid: number): Promise<void>;
	/** Hangs up on everybody and is back after that many ms; what it holds stays. */
	restart(gone?: number): Promise<void>;
	/** How many requests dom0's programs have made, by kind. */
	readonly requests: Readonly<Record<string, number>>;
	close(): Promise<void>;
};

/** The one of the unit tests: a tree in this process behind a real socket. */
export async function startFake(run: string): Promise<Xenstored> {
	const tree = fakeXenStore();
	const requests: Record<string, number> = {};
	const socket = join(run, 'xenstored/socket');
	const listen = async (): Promise<Server> => {
		const server = await serve(() => counted(tree.connect(0), requests));
		await rename(server.path, socket);

		return server;
	};
	await mkdir(join(run, 'xenstored'));
	let server = await listen();

	return {
		requests,
		connect: async domid => tree.connect(domid),
		introduce: async (domid, name) => tree.introduce(domid, name),
		release: async domid => tree.release(domid),
		async restart(gone = 0) {
			server.close();
			await new Promise(resolve => setTimeout(resolve, gone));
			server = await listen();
		},
		close: async () => server.close(),
	};
}

function counted(store: Store, requests: Record<string, number>): Store {
	return new Proxy(store, {
		get(target, key: keyof Store & string) {
			const method = target[key];

			return (...args: never[]) => {
				requests[key] = (requests[key] ?? 0) + 1;

				return Reflect.apply(method, target, args);
			};
		},
	});
}
