// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {ask, askStatus} from '../control/client.ts';
import type {PeerStatus} from '../control/protocol.ts';
import {resolveName} from '../control/resolve.ts';
import {ColoopError} from '../errors.ts';
import {addressOf} from './peer-address.ts';
import {measure, pings, type Figures} from './measure.ts';
import {up} from './switch.ts';
import type {System} from './system.ts';

export type Trial = {
	readonly peer: string;
	readonly domid: number;
	readonly address: string;
	/** Both paths carried all, and the channel carried what it should have. */
	readonly passes: boolean;
	readonly faults: readonly string[];
	readonly rows: ReadonlyArray<{
		readonly name: string;
		readonly unit: string;
		readonly ordinary: number | null;
		readonly channel: number | null;
		/** How many times better the channel is. */
		readonly gain: number | null;
	}>;
	/** What the channel carried meanwhile. */
	readonly channel: {readonly sent_packets: number; readonly received_packets: number};
};

type Wanted = {
	readonly peer: string;
	/** Undefined: found by the peer's Ethernet address. */
	readonly address: string | undefined;
	/** How long the channel may take to come up. */
	readonly seconds: number;
};

/**
 * Measures a peer over the ordinary path, with the channel down, and over the channel. However it ends,
 * the channel is let come up again.
 */
export async function tryPeer(
	socket: string,
	wanted: Wanted,
	system: System,
	signal: AbortSignal,
): Promise<Trial> {
	/* As it was said: a domid may be another's name. */
	const given = wanted.peer;
	const peer = await peerOf(socket, given);
	refuseUnfit(peer);
	const address = wanted.address ?? (await addressOf(peer, system));
	const ordinary = await overOrdinary(socket, given, () => measure(address, system, signal));
	signal.throwIfAborted();
	await up(socket, [given], wanted.seconds);
	const before = await peerOf(socket, given);
	const channel = await measure(address, system, signal);
	const after = await peerOf(socket, given);
	signal.throwIfAborted();

	return trialOf(peer, address, {ordinary, channel, before, after});
}

async function peerOf(socket: string, given: string): Promise<PeerStatus> {
	const status = await askStatus(socket, {peers: 'all', pairs: 'none', names: [given]});
	const named = status.peers.map(peer => ({name: peer.peer, domid: peer.domid, peer}));
	const found = resolveName(given, named);
	if (found) {
		return found.peer;
	}
	throw new ColoopError('PEER', `${given} is no peer of this domain`, {
		hint: 'coloop list names them; of a pair that dom0 keeps apart `coloop show` of both names says why, there',
	});
}

function refuseUnfit({peer, state, reason}: PeerStatus): void {
	if (state === 'held') {
		throw new ColoopError('PEER', `${peer} was taken down with \`coloop down\``, {
			hint: `coloop up ${peer}, if it may have a channel`,
		});
	}
	if (state === 'refused') {
		throw new ColoopError('PEER', `${peer} has no channel: ${reason ?? 'refused'}`, {
			hint: `coloop show ${peer}, coloop doctor; in dom0 coloop show of both names`,
		});
	}
}

/** With the channel down; it may come up again whatever happens. */
async function overOrdinary<T>(socket: string, given: string, work: () => Promise<T>): Promise<T> {
	await ask(socket, {op: 'down', names: [given]});
	try {
		await untilDown(socket, given);

		return await work();
	} finally {
		await release(socket, given);
	}
}

async function untilDown(socket: string, given: string): Promise<void> {
	const deadline = performance.now() + 5000;
	while ((await peerOf(socket, given)).state !== 'held') {
		if (performance.now() > deadline) {
			throw new ColoopError('PEER', `${given}: the channel does not go down`, {
				hint: 'coloop observe says what happens',
			});
		}
		await sleep(50);
	}
}

/** A peer that is gone meanwhile is not held any more, and a refusal is heard where it is waited for. */
async function release(socket: string, given: string): Promise<void> {
	try {
		await ask(socket, {op: 'up', names: [given]});
	} catch (error) {
		if (error instanceof ColoopError && error.code === 'PEER') {
			return;
		}
		throw new ColoopError('PEER', `${given} was left down: ${String(error)}`, {
			cause: error,
			hint: `coloop up ${given}`,
		});
	}
}

type Found = {
	readonly ordinary: Figures;
	readonly channel: Figures;
	readonly before: PeerStatus;
	readonly after: PeerStatus;
};

function trialOf(peer: PeerStatus, address: string, found: Found): Trial {
	const {ordinary, channel, before, after} = found;
	const sent = after.tx_packets - before.tx_packets;
	const received = after.rx_packets - before.rx_packets;
	const faults = [
		...ordinary.faults.map(fault => `ordinary path: ${fault}`),
		...channel.faults.map(fault => `channel: ${fault}`),
		...(sent < pings || received < pings
			? [
					`the channel carried ${sent} packets there and ${received} back of at least ${pings} each: ${after.reason ?? after.state}`,
				]
			: []),
	];

	return {
		...{peer: peer.peer, domid: peer.domid, address, passes: faults.length === 0, faults},
		rows: ordinary.rows.map(({name, unit, value, isMoreBetter}, index) => {
			const other = channel.rows[index]?.value ?? null;
			const ratio = value && other ? (isMoreBetter ? other / value : value / other) : null;

			return {name, unit, ordinary: value, channel: other, gain: ratio};
		}),
		channel: {sent_packets: sent, received_packets: received},
	};
}
