// SPDX-License-Identifier: MIT
//
// What a handshake takes while another guest writes at full rate, by counts: time stands still, so that
// nothing depends on the machine.
import {setImmediate as turn} from 'node:timers/promises';
import {Host} from '../../userland/daemon/host/host.ts';
import {createLog} from '../../userland/daemon/log.ts';
import {decidePair} from '../../userland/policy/match.ts';
import type {Store} from '../../userland/xenstore/store.ts';
import {fakeClock} from '../unit/daemon/_clock.ts';
import {policyOf, topologyOf} from './scene.ts';
import {computedStore} from './store.ts';

const policy = policyOf(['allow', '*', '*']);

/** The host role on a XenStore that answers a turn of the event loop later; time stands still. */
function start(guests: number) {
	const store = computedStore(guests, path => path.includes('/coloop/declined/'));
	const reads = {ofFlooder: 0, ofOthers: 0};
	const connect = (): Store => {
		const connection = store.connect();
		const count = (path: string) => {
			const isFlooders = /^\/local\/domain\/(0\/backend\/vif\/)?3(\/|$)/.test(path);
			reads[isFlooders ? 'ofFlooder' : 'ofOthers'] += 1;
		};

		return {
			...connection,
			async read(path) {
				count(path);
				await turn();

				return connection.read(path);
			},
			async list(path) {
				count(path);
				await turn();

				return connection.list(path);
			},
			async write(path, value) {
				await turn();

				return connection.write(path, value);
			},
		};
	};
	const stop = new AbortController();
	const host = new Host({
		...{
			openStore: async () => connect(),
			hints: [],
			isHeld: () => false,
			limitsOf: () => undefined,
		},
		decide: (a, b) => decidePair(policy, a, b),
		...{clock: fakeClock(), log: createLog(() => {}, 'error')},
		topology: async () => topologyOf(guests),
		firewall: async () => () => undefined,
	});
	const done = host.run(stop.signal);

	return {
		...{store, reads},
		async end() {
			stop.abort();
			await done;
		},
	};
}

type Scene = ReturnType<typeof start>;

/** Turns until `isSo`, at each of which `work` is done. */
async function turnsUntil(isSo: () => boolean, work: () => void = () => {}): Promise<number> {
	for (let turns = 0; turns < 20_000; turns++) {
		if (isSo()) {
			return turns;
		}
		work();
		await turn();
	}
	throw new Error('never');
}

/** Of the slowest of some: turns of the event loop, and reads of what others than the flooder say. */
export type Slowest = {readonly turns: number; readonly reads: number};

/** Turns and reads of the slowest of some: from what one guest says until the other was told. */
async function handshakes({store, reads}: Scene, work?: () => void): Promise<Slowest> {
	const path = '/local/domain/2/coloop/declined/1';
	const slowest = {turns: 0, reads: 0};

	for (let count = 0; count < 20; count++) {
		const before = reads.ofOthers;
		store.say(1, 'declined/2', count % 2 ? 'memory' : 'policy');
		const turns = await turnsUntil(() => store.kept.has(path), work);
		slowest.turns = Math.max(slowest.turns, turns);
		slowest.reads = Math.max(slowest.reads, reads.ofOthers - before);
		store.forget(path);
		/* At another moment of whatever the host role does meanwhile. */
		await turnsFor(count % 7, work);
	}

	return slowest;
}

async function turnsFor(turns: number, work?: () => void): Promise<void> {
	let left = turns;
	await turnsUntil(() => left-- <= 0, work);
}

/** What guest 3 writes, for the nth time: node and value. */
export type Flood = (count: number) => readonly [string, string];

export const floods: Readonly<Record<string, Flood>> = {
	hello: count => ['hello', `1 1 ${count % 2}`],
	junk: count => [`junk/node-${count % 100}`, String(count)],
	offer: count => ['offers/4', `7 offered 1 ${count} 1`],
	'offers to all': count => [`offers/${count % 30}`, `7 offered 1 ${count} 1`],
};

/** Handshakes before, from the first write on, and after a thousand; writes, and reads that they caused. */
export async function handshakesBeside(guests: number, flood: Flood) {
	const scene = start(guests);
	const {store, reads} = scene;
	await turnsUntil(() => store.requests.writes >= guests * (guests + 1) + 3 * (guests + 1));
	await turnsFor(100);
	const calm = await handshakes(scene);
	const before = reads.ofFlooder;
	let writes = 0;
	const write = () => {
		writes += 1;
		store.say(3, ...flood(writes));
	};

	const early = await handshakes(scene, write);
	await turnsFor(1000, write);
	const late = await handshakes(scene, write);
	await scene.end();

	return {calm, early, late, writes, reads: reads.ofFlooder - before};
}
