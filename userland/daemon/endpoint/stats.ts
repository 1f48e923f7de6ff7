// SPDX-License-Identifier: MIT
import type {Peer} from '../../kernel/kernel.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {unixOf, type Clock} from '../clock.ts';
import {describe, type Log} from '../log.ts';
import {renderStats} from '../../xenstore/values.ts';
import type {LivePeer} from './sizes.ts';

export type StatsWorld = {
	readonly store: Store;
	readonly paths: Own;
	readonly clock: Clock;
	readonly log: Log;
};

const nothing = {txPackets: 0n, txBytes: 0n, rxPackets: 0n, rxBytes: 0n};

/** What is on the ordinary path for want of a channel alone. */
export function auditedPackets(peer: Peer | undefined): bigint {
	return peer?.ordinary.get('no-channel') ?? 0n;
}

type Written = {readonly since: bigint; readonly unix: number; readonly text: string};

/** Answers what tells dom0 what went over our live channels, where that has changed. */
export function createStats({store, paths, clock, log}: StatsWorld) {
	const written = new Map<number, Written>();
	const refused = new Set<number>();

	const tell = async ({domid, channel}: LivePeer) => {
		const before = written.get(domid);
		const isSame = before?.since === channel.since;
		const unix = isSame ? before.unix : unixOf(channel.since, clock);
		const text = renderStats({...channel, since: unix});
		if (before?.text !== text) {
			await store.write(`${paths.stats}/${domid}`, text);
		}
		written.set(domid, {since: channel.since, unix, text});
	};

	const forgetOthers = (live: readonly Peer[]) => {
		const here = new Set(live.map(({domid}) => domid));
		for (const domid of [...written.keys(), ...refused].filter(each => !here.has(each))) {
			written.delete(domid);
			refused.delete(domid);
		}
	};

	/** Of these nothing is diverted: dom0 hears what would have been. */
	const tellAudited = async (peer: Peer) => {
		const before = written.get(peer.domid);
		const text = renderStats({...nothing, since: 0, txPackets: auditedPackets(peer)});
		if (before?.text !== text) {
			await store.write(`${paths.stats}/${peer.domid}`, text);
		}
		written.set(peer.domid, {since: 0n, unix: 0, text});
	};

	return async (live: readonly LivePeer[], audited: readonly Peer[] = []): Promise<void> => {
		const telling = [
			...live.map(peer => ({peer, tell: () => tell(peer)})),
			...audited.map(peer => ({peer, tell: () => tellAudited(peer)})),
		];
		forgetOthers(telling.map(({peer}) => peer));
		for (const {peer, tell} of telling) {
			const {domid, name} = peer;
			try {
				await tell();
				refused.delete(domid);
			} catch (error) {
				/* dom0 lists old numbers, that is all; the watches find out when XenStore is gone. */
				if (!refused.has(domid)) {
					log.warn('stats.refused', {domid, peer: name, ...describe(error)});
				}
				refused.add(domid);
			}
		}
	};
}
