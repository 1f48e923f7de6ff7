// SPDX-License-Identifier: MIT
import {load, startDaemon} from '../lab/channel.ts';
import type {Guest} from '../lab/guest.ts';
import {median} from './parse.ts';
import type {Stage} from './stage.ts';

/** Instructions for each packet, of guest, hypervisor and dom0 together. */
export type Undiverted = {
	readonly unloaded: number;
	/** By how many peers the module has. */
	readonly peers: ReadonlyMap<number, number>;
};

// No time passes that nobody needs: each request goes out when the answer to the last one is
// there, so the clock counts instructions, 2 ns each.
const roundTrips = 2000;
const nsPerInstruction = 2;
const flood = `from=$(date +%s%N) && ping -q -f -c ${roundTrips} dom0 >/dev/null &&
	echo $(($(date +%s%N) - from))`;
const rounds = 3;

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
	const unloaded = await perPacket(guest);
	await load(guest);
	const peers = new Map<number, number>();
	for (const count of counts) {
		await guest.run(`node /opt/coloop/peers.mjs ${count}`, {timeout: 240_000});
		peers.set(count, await perPacket(guest));
	}
	await guest.run('rmmod coloop');
	await load(guest);
	await stage.wake();
	await startDaemon(guest);

	return {unloaded, peers};
}

async function perPacket(guest: Guest): Promise<number> {
	const {stdout} = await guest.run(`for round in $(seq ${rounds}); do ${flood}; done`, {
		timeout: 240_000,
	});
	const times = stdout.trim().split('\n').map(Number);
	if (times.length !== rounds || !times.every(ns => ns > 0)) {
		throw new Error(`expected ${rounds} times, got:\n${stdout}`);
	}

	return median(times) / nsPerInstruction / (2 * roundTrips);
}
