// SPDX-License-Identifier: MIT
import {load, startDaemon} from '../lab/channel.ts';
import {perPacket} from './per-packet.ts';
import type {Stage} from './stage.ts';

/** Instructions for each packet, of guest, hypervisor and dom0 together. */
export type Undiverted = {
	readonly unloaded: number;
	/** By how many peers the module has. */
	readonly peers: ReadonlyMap<number, number>;
};

/**
 * What a guest's traffic with dom0 costs, which is no peer: without the module, and with the
 * module and some peers.  The guest's daemon is away meanwhile, since it would have its own peers.
 */
export async function undiverted(stage: Stage, counts: readonly number[]): Promise<Undiverted> {
	const {client: guest, lab} = stage;
	await stage.wake();
	await guest.run('kill $(cat /run/coloop/pid); tail -f --pid=$(cat /run/coloop/pid) /dev/null');
	await stage.rest([lab.dom0, lab.b]);
	await guest.run('rmmod coloop');
	const unloaded = await perPacket(guest, 'dom0');
	await load(guest);
	const peers = new Map<number, number>();
	for (const count of counts) {
		await guest.run(`node /opt/coloop/peers.mjs ${count}`, {timeout: 240_000});
		peers.set(count, await perPacket(guest, 'dom0'));
	}
	await guest.run('rmmod coloop');
	await load(guest);
	await stage.wake();
	await startDaemon(guest);

	return {unloaded, peers};
}
