// SPDX-License-Identifier: MIT
import type {Status} from '../control/protocol.ts';
import {ColoopError} from '../errors.ts';

/** The whole status, or what concerns one domain of it. */
export function json(status: Status, name?: string): string {
	return JSON.stringify(name === undefined ? status : about(status, name), null, 2);
}

function about(status: Status, given: string): Status {
	const name = given === 'dom0' ? 'Domain-0' : given;
	const is = (one: string, domid: number) => one === name || String(domid) === name;
	const peers = status.peers.filter(({peer, domid}) => is(peer, domid));
	const pairs = status.pairs?.filter(({a, b}) => is(a.name, a.domid) || is(b.name, b.domid));
	if (peers.length + (pairs?.length ?? 0) === 0) {
		throw new ColoopError('PEER', `no peer is called ${given}`, {
			hint: '`coloop list` names them',
		});
	}
	return {...status, peers, pairs: pairs ?? null};
}
