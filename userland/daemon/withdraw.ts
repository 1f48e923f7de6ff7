// SPDX-License-Identifier: MIT
import {listDomids} from '../xenstore/discover.ts';
import {hostAlive, ownPaths, pathsOf} from '../xenstore/paths.ts';
import type {Role, World} from './daemon.ts';

/** Takes back everything the roles ever wrote to XenStore and every peer the kernel knows. */
export async function withdraw(world: World, roles: readonly Role[]): Promise<void> {
	const store = await world.openStore();
	try {
		if (roles.includes('endpoint')) {
			await store.remove(ownPaths(world.isDom0).fromGuest);
			await forgetPeers(world);
			await world.enforcement.enforce(new Map());
		}
		if (roles.includes('host')) {
			await store.remove(hostAlive);
			for (const domid of await listDomids(store)) {
				await store.remove(pathsOf(domid).fromHost);
			}
		}
	} finally {
		await store.close();
	}
	world.log.info('all.withdrawn', {roles});
}

async function forgetPeers(world: World): Promise<void> {
	if (!(await isModulePresent(world))) {
		return;
	}
	const kernel = await world.openKernel();
	try {
		for (const {domid} of await kernel.peers()) {
			await kernel.peerDelete(domid);
		}
	} finally {
		await kernel.dispose();
	}
}

async function isModulePresent(world: World): Promise<boolean> {
	const enough = new AbortController();
	try {
		return (await first(world.watchModule(enough.signal))) === 'present';
	} finally {
		// A watch that nobody ends keeps its socket, and the socket the process.
		enough.abort();
	}
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
	for await (const item of items) {
		return item;
	}

	return undefined;
}
