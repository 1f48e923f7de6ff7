// SPDX-License-Identifier: MIT
import type {Status} from './protocol.ts';
import {noPeer, resolveName} from './resolve.ts';

/**
 * What of a status concerns one domain, or the pair of two; throws where there is nothing. A coloopd
 * older than us tells everything whatever it is asked.
 */
export function narrow(status: Status, names: readonly string[]): Status {
	if (names.length === 0) {
		return status;
	}
	const {peers, pairs} = status;
	const domains = [
		...peers.map(({peer, domid}) => ({name: peer, domid})),
		...(pairs ?? []).flatMap(({a, b}) => [a, b]),
	];
	const domids = names.map(given => {
		const domain = resolveName(given, domains);
		if (domain === undefined) {
			throw noPeer(given);
		}

		return domain.domid;
	});
	const isMeant = (...ends: number[]) => domids.every(domid => ends.includes(domid));
	const narrowed = {
		...status,
		peers: peers.filter(({domid}) => isMeant(domid, status.domid ?? domid)),
		pairs: pairs?.filter(({a, b}) => isMeant(a.domid, b.domid)) ?? null,
	};
	if (narrowed.peers.length + (narrowed.pairs?.length ?? 0) === 0) {
		throw noPeer(names.join(' <-> '));
	}

	return narrowed;
}
