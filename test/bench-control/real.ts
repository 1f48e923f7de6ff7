// SPDX-License-Identifier: MIT
//
// The host role against Debian's own oxenstored or xenstored, over its socket.
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {storeOver} from '../../userland/xenstore/client.ts';
import {domainPath, pathsOf, vifsPath} from '../../userland/xenstore/paths.ts';
import {connectRequests} from '../../userland/xenstore/requests.ts';
import type {Store} from '../../userland/xenstore/store.ts';
import {openUnixSocket} from '../../userland/xenstore/transport.ts';
import {openNamespace} from '../dom0/harness/namespace.ts';
import {startReal, type Kind} from '../dom0/harness/real-xenstored.ts';
import {cpuOf, manyRules, memory, startScene, until} from './scene.ts';
import {macOf, nameOf} from './store.ts';

type RealFigures = {
	/** Until all pairs are announced, in ms of CPU time: of the host role, and of xenstored. */
	readonly first: number;
	readonly firstOfXenstored: number;
	readonly blocked: number;
	/** Requests for it, and a second, once nothing happens. */
	readonly requests: number;
	readonly idleRequests: number;
	readonly idleCpuPercent: number;
	readonly idleCpuPercentOfXenstored: number;
	readonly rss: number;
};

const idleSeconds = 20;

export async function announcedIn(kind: Kind, guests: number): Promise<RealFigures> {
	const namespace = await openNamespace();
	const xenstored = await startReal(kind, namespace);
	try {
		const xen = await xenstored.connect(0);
		for (let domid = 0; domid <= guests; domid++) {
			if (domid > 0) {
				await xenstored.introduce(domid, nameOf(domid));
			}
			await describe(xen, domid);
		}
		const counted = {asked: 0};
		const cpuOfStore = () => cpuOfProcess(join(namespace.run, 'xenstored/pid'));
		const before = await cpuOfStore();
		const scene = await startScene(guests, manyRules(10_000), {
			openStore: () => connectCounted(join(namespace.run, 'xenstored/socket'), counted),
		});
		const all = (guests * (guests + 1)) / 2;
		const first = await cpuOf(async () => {
			await until('judged', () => scene.host.view().counts.allowed === all);
			await scene.host.settle();
		});
		const announced = {
			first,
			firstOfXenstored: (await cpuOfStore()) - before,
			blocked: scene.blocked(),
			requests: counted.asked,
		};
		await isTold(xen, guests);
		await sleep(2000);
		const idle = {asked: counted.asked, store: await cpuOfStore()};
		const cpu = await cpuOf(() => sleep(idleSeconds * 1000));
		const percent = (ms: number) => ms / idleSeconds / 10;
		const figures = {
			...announced,
			idleRequests: (counted.asked - idle.asked) / idleSeconds,
			idleCpuPercent: percent(cpu),
			idleCpuPercentOfXenstored: percent((await cpuOfStore()) - idle.store),
			rss: memory(),
		};
		await scene.stop();

		return figures;
	} finally {
		await xenstored.close();
		await namespace.close();
	}
}

/** What toolstack, netback and an idle endpoint write. */
async function describe(xen: Store, domid: number): Promise<void> {
	if (domid === 0) {
		await xen.write(`${domainPath(0)}/name`, nameOf(0));
	} else {
		await xen.write(`${vifsPath(domid)}/0/mac`, macOf(domid));
		await xen.write(`${vifsPath(domid)}/0/state`, '4');
	}
	await xen.write(pathsOf(domid).hello, '1 1 65537');
}

/** Throws where XenStore does not have what the host role says that it has written. */
async function isTold(xen: Store, guests: number): Promise<void> {
	for (const [domid, count] of [
		[0, guests],
		[guests, guests],
	] as const) {
		const {length} = await xen.list(pathsOf(domid).peers);
		if (length !== count) {
			throw new Error(`domain ${domid} was told of ${length} others, not of ${count}`);
		}
	}
}

async function connectCounted(socket: string, counted: {asked: number}): Promise<Store> {
	const requests = await connectRequests(listener => openUnixSocket(socket, listener));

	return storeOver({
		...requests,
		ask: (...words) => {
			counted.asked += 1;

			return requests.ask(...words);
		},
	});
}

/** In ms, to a hundredth of a second: `utime` and `stime`. */
async function cpuOfProcess(pidFile: string): Promise<number> {
	const pid = (await readFile(pidFile, 'utf8')).trim();
	const text = await readFile(`/proc/${pid}/stat`, 'utf8');
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');

	return (Number(fields[11]) + Number(fields[12])) * 10;
}
