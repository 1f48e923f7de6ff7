// SPDX-License-Identifier: MIT
import type {PeerStatus} from '../control/protocol.ts';
import {ColoopError} from '../errors.ts';
import type {System} from './system.ts';

type Neighbour = {readonly dst: string; readonly dev: string; readonly lladdr: string};

/**
 * An IP address that our neighbour tables have for the peer's Ethernet address; IPv4 first, link-local
 * ones last. Throws PEER where there is none.
 */
export async function addressOf({peer, links}: PeerStatus, system: System): Promise<string> {
	const macs = links.map(({remote_mac: mac}) => mac.toLowerCase());
	const shown = await system.run('ip', '-j', 'neigh', 'show');
	const found = neighboursIn(shown?.status === 0 ? shown.out : '')
		.filter(({lladdr}) => macs.includes(lladdr.toLowerCase()))
		.sort((a, b) => rankOf(a) - rankOf(b));
	const [best] = found;
	if (best) {
		return isLinkLocal(best) ? `${best.dst}%${best.dev}` : best.dst;
	}
	throw new ColoopError('PEER', `${peer}: no address of it is known here`, {
		hint: `say it: coloop test --address ADDRESS ${peer}`,
	});
}

function rankOf(neighbour: Neighbour): number {
	return isLinkLocal(neighbour) ? 2 : neighbour.dst.includes(':') ? 1 : 0;
}

function isLinkLocal({dst}: Neighbour): boolean {
	return /^fe[89ab]/i.test(dst);
}

function neighboursIn(text: string): Neighbour[] {
	try {
		const parsed: unknown = JSON.parse(text);

		return Array.isArray(parsed) ? parsed.filter(isNeighbour) : [];
	} catch {
		return [];
	}
}

function isNeighbour(value: unknown): value is Neighbour {
	return (
		typeof value === 'object' &&
		value !== null &&
		['dst', 'dev', 'lladdr'].every(key => typeof Reflect.get(value, key) === 'string')
	);
}
