// SPDX-License-Identifier: MIT
//
// The suite on the XenStore of the machine this runs on, in dom0 or in a guest: one line a case, in
// the form of TAP. Exits with 1 when a case fails.
import {pid} from 'node:process';
import {openStore} from '../../userland/xenstore/client.ts';
import type {Store} from '../../userland/xenstore/store.ts';
import {cases, runCase, type World} from './_cases.ts';

const deadlineMs = 60_000;
const store = await openStore();
const other = await openStore();
const world = {store, other, ...(await ownPlace(store))};
let failed = 0;

console.log(`1..${cases.length}`);
for (const [at, each] of cases.entries()) {
	const start = performance.now();

	try {
		await inTime(runCase(each, world));
		console.log(`ok ${at + 1} - ${each.name} # ${Math.round(performance.now() - start)} ms`);
	} catch (error) {
		failed += 1;
		console.log(`not ok ${at + 1} - ${each.name}`);
		console.log(String(error).replace(/^/gm, '# '));
	}
}
console.log(`# passed ${cases.length - failed} of ${cases.length}, domain ${world.domid}`);
await store.close();
await other.close();
process.exitCode = failed === 0 ? 0 : 1;

/** A guest writes below its own `data`, and `domid` names it; the socket of dom0 has no `domid`. */
async function ownPlace(store: Store): Promise<Pick<World, 'base' | 'domid'>> {
	const domid = await store.read('domid').catch(() => undefined);
	const name = `coloop-conformance-${pid}`;

	return domid === undefined || domid === '0'
		? {base: `/tool/${name}`, domid: 0}
		: {base: `data/${name}`, domid: Number(domid)};
}

async function inTime(work: Promise<void>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`no answer in ${deadlineMs} ms`)), deadlineMs);
	});

	await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
