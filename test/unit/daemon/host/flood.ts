// SPDX-License-Identifier: MIT
import test from 'ava';
import {setImmediate as turn} from 'node:timers/promises';
import {Host} from '../../../../userland/daemon/host/host.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {decidePair} from '../../../../userland/policy/match.ts';
import type {Store} from '../../../../userland/xenstore/store.ts';
import {policyOf, topologyOf} from '../../../bench-control/scene.ts';
import {computedStore} from '../../../bench-control/store.ts';
import {fakeClock} from '../_clock.ts';

const guests = 30;
/* What a guest may cost at once, see budget.ts: 100 and 4 for each of the 31 domains. */
const burst = 224;
const policy = policyOf(['allow', '*', '*']);

/** The host role on a XenStore that answers a turn of the event loop later; time stands still. */
function start() {
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
		...{openStore: async () => connect(), hints: [], isHeld: () => false},
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

/** Turns and reads of the slowest of some: from what one guest says until the other was told. */
async function handshakes({store, reads}: Scene, work?: () => void) {
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

const written: Record<string, (count: number) => [string, string]> = {
	hello: count => ['hello', `1 1 ${count % 2}`],
	junk: count => [`junk/node-${count % 100}`, String(count)],
	offer: count => ['offers/4', `7 offered 1 ${count} 1`],
	'offers to all': count => [`offers/${count % guests}`, `7 offered 1 ${count} 1`],
};

for (const [what, nodeOf] of Object.entries(written)) {
	test(`a guest that writes its ${what} at full rate delays nobody`, async t => {
		const scene = start();
		const {store, reads} = scene;
		await turnsUntil(() => store.requests.writes >= guests * (guests + 1) + 3 * (guests + 1));
		await turnsFor(100);
		const calm = await handshakes(scene);
		const before = {...reads};
		let count = 0;
		const write = () => {
			count += 1;
			const [node, value] = nodeOf(count);
			store.say(3, node, value);
		};

		const early = await handshakes(scene, write);
		await turnsFor(1000, write);
		const late = await handshakes(scene, write);

		for (const {turns, reads: count} of [early, late]) {
			t.true(turns <= 2 * calm.turns, `${turns} turns, ${calm.turns} before`);
			t.true(count <= 2 * calm.reads, `${count} reads, ${calm.reads} before`);
		}
		t.true(count > 1000);
		t.true(reads.ofFlooder - before.ofFlooder <= burst, String(reads.ofFlooder));
		await scene.end();
	});
}
