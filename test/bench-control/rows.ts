// SPDX-License-Identifier: MIT
import {setTimeout as sleep} from 'node:timers/promises';
import {guardedByFlows, guardedByRules} from './guarded.ts';
import {floods, handshakesBeside} from './handshakes.ts';
import {listed} from './listed.ts';
import {planned} from './planned.ts';
import {announcedIn} from './real.ts';
import {policyRead} from './read-policy.ts';
import {rulesRead} from './read-rules.ts';
import {cpuOf, manyRules, memory, policyOf, startScene, until, type Scene} from './scene.ts';

export type Figures = Record<string, number>;

/** Each runs in a process of its own, and answers figures by name. */
export const rows: Readonly<Record<string, () => Promise<Figures>>> = {
	plan: async () => planned(1000, 10_000),
	announce: () => announced(1000, 10_000),
	policy: () => policyRead(10_000),
	idle: () => idle(300),
	handshake: () => handshakes(300),
	'flood-30': () => flood(30),
	'flood-100': () => flood(100),
	'flood-300': () => flood(300),
	guard: () => guardedByRules(200),
	ovs: () => guardedByFlows(200),
	rules: () => rulesRead(5000),
	list: () => listing(1000, 50),
	oxenstored: () => announcedIn('oxenstored', 300),
	xenstored: () => announcedIn('xenstored', 300),
};

function pairsOf(guests: number): number {
	return (guests * (guests + 1)) / 2;
}

/** An announcement of each pair to both, and three writes that prepare each domain's tree. */
async function allAnnounced({store}: Scene, guests: number): Promise<void> {
	const writes = 2 * pairsOf(guests) + 3 * (guests + 1);
	await until('all announced', () => store.requests.writes >= writes);
	await sleep(500);
}

/** The same with every announcement written, and one guest renamed. */
async function announced(guests: number, rules: number): Promise<Figures> {
	const scene = await startScene(guests, manyRules(rules));
	const first = await cpuOf(() => allAnnounced(scene, guests));
	const firstBlocked = scene.blocked();
	const before = scene.store.requests.writes;
	const renamed = await cpuOf(async () => {
		scene.store.rename(7, 'another');
		await until('renamed', () => scene.store.requests.writes >= before + 2 * guests);
	});
	const renameBlocked = scene.blocked();
	await scene.setPolicy(policyOf(['allow', 'web-*', 'db-*']));
	const policy = await cpuOf(() =>
		until('withdrawn', () => scene.host.view().counts.allowed < pairsOf(guests) * 0.6),
	);
	const figures = {first, firstBlocked, renamed, renameBlocked, policy};
	const policyBlocked = scene.blocked();
	await scene.stop();

	return {...figures, policyBlocked, rss: memory()};
}

async function idle(guests: number): Promise<Figures> {
	const scene = await startScene(guests, manyRules(10));
	await allAnnounced(scene, guests);
	await sleep(2000);
	const {reads, writes} = scene.store.requests;
	const seconds = 20;
	const cpu = await cpuOf(() => sleep(seconds * 1000));
	const after = scene.store.requests;
	await scene.stop();

	return {
		requests: (after.reads + after.writes - reads - writes) / seconds,
		cpuPercent: cpu / seconds / 10,
	};
}

/** One guest writes a hello, junk, or an offer, a hundred times a second. */
async function flood(guests: number): Promise<Figures> {
	const scene = await startScene(guests, manyRules(10));
	await allAnnounced(scene, guests);
	await sleep(500);
	scene.blocked();
	const figures: Figures = {};
	for (const [what, node] of [
		['hello', 'hello'],
		['junk', 'junk/node'],
		['offer', 'offers/4'],
	] as const) {
		let turn = 0;
		const writer = setInterval(() => {
			turn += 1;
			scene.store.say(3, node, what === 'offer' ? `7 offered 1 ${turn} 1` : `1 1 ${turn}`);
		}, 10);
		const {reads} = scene.store.requests;
		const cpu = await cpuOf(() => sleep(5000));
		figures[`${what}Busy`] = cpu / 50;
		figures[`${what}Requests`] = (scene.store.requests.reads - reads) / 5;
		figures[`${what}Blocked`] = scene.blocked();
		clearInterval(writer);
	}
	await scene.stop();

	return figures;
}

/** How many times as many turns and reads the slowest handshake takes beside the worst of floods. */
async function handshakes(guests: number): Promise<Figures> {
	const worst = {turns: 0, reads: 0};
	for (const flood of Object.values(floods)) {
		const {calm, early, late} = await handshakesBeside(guests, flood);
		for (const beside of [early, late]) {
			worst.turns = Math.max(worst.turns, beside.turns / calm.turns);
			worst.reads = Math.max(worst.reads, beside.reads / calm.reads);
		}
	}

	return worst;
}

/** `coloop list` with so many channels. */
async function listing(guests: number, channels: number): Promise<Figures> {
	const scene = await startScene(guests, manyRules(10_000));
	await allAnnounced(scene, guests);
	for (let domid = 1; domid <= channels; domid++) {
		const epochOf = () => scene.host.view().pair(domid, domid + 100)?.epoch;
		await until('announced', () => epochOf() !== undefined);
		const epoch = epochOf() ?? 0;
		scene.store.say(domid, `offers/${domid + 100}`, `${epoch} live 1 8 9`);
		scene.store.say(domid + 100, `offers/${domid}`, `${epoch} live 1 8 9`);
	}
	await until('live', () => [...scene.host.view().active()].length === channels);
	await sleep(500);
	const {reads} = scene.store.requests;
	scene.blocked();
	const found = await listed(scene.host);
	const requests = scene.store.requests.reads - reads;
	const figures = {...found, cpu: found.daemon + found.command, requests};
	const blocked = scene.blocked();
	await scene.stop();

	return {...figures, blocked, rss: memory()};
}
