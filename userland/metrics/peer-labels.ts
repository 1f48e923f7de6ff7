// SPDX-License-Identifier: MIT
import type {PeerStatus} from '../control/protocol.ts';
import {printable} from '../names.ts';

/**
 * What each peer is called in its metrics, by domid: its name, and the domid behind it where another has
 * the same. Two samples with the same labels would make Prometheus refuse the whole page.
 */
export function peerLabels(
	peers: ReadonlyArray<Pick<PeerStatus, 'peer' | 'domid'>>,
): ReadonlyMap<number, string> {
	const counts = new Map<string, number>();
	for (const {peer} of peers) {
		const text = printable(peer);
		counts.set(text, (counts.get(text) ?? 0) + 1);
	}
	const labels = new Map<number, string>();
	const taken = new Set<string>();
	for (const {peer, domid} of peers) {
		const text = printable(peer);
		const withDomid = ` (domain ${domid})`;
		let label = counts.get(text) === 1 ? text : `${text}${withDomid}`;
		/* A name may look like another with its domid. */
		while (taken.has(label)) {
			label += withDomid;
		}
		taken.add(label);
		labels.set(domid, label);
	}

	return labels;
}
