// SPDX-License-Identifier: MIT
// demo.js: real Xen, two guests, the same programs before and after. STACK=13|12.
// Writes build/demo.json; fails if something does not work, not if it is slow.
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {allowPair, channelUp, pair, patient, start, takeBack, writePolicy} from '../lab/channel.ts';
import {checks, findSplats} from '../lab/checks.ts';
import {Lab} from '../lab/lab.ts';
import {repository} from '../lab/paths.ts';
import {picture} from '../lab/picture.ts';
import {until} from '../lab/until.ts';
import {measure} from './measure.ts';
import type {Figure} from './parse.ts';
import {missedBounds, result, resultTable, round, scattered, type Result} from './results.ts';
import {rounds} from './rounds.ts';
import {networks, type Network} from './row.ts';
import {rows} from './rows/demo.ts';
import {startServers} from './servers.ts';
import {Stage} from './stage.ts';
import {unplug} from './unplug.ts';

/** A figure for each round. */
type Taken = Record<Network, Figure[]>;

const startedAt = Date.now();
const slow = {timeout: 240_000};
const print = (text: string) => void process.stdout.write(text);
const say = (line: string) => print(`${line}\n`);
// What the lab runs, for those who want to know.
const whisper = (line: string) => say(`\u001B[2m${line.split('\n')[0] ?? ''}\u001B[0m`);

function step(title: string): void {
	const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
	print(`\n\u001B[1m== ${title}\u001B[0m (${seconds} s)\n`);
}

/** Round by round, the three ways in turns; only the first of a policy is told at length. */
async function demo(lab: Lab): Promise<readonly Result[]> {
	const stage = new Stage(lab, {client: 'a', server: '10.0.0.2', self: '127.0.0.1'});
	const figures = rows.map((): Taken => ({netfront: [], channel: [], loopback: []}));
	await withoutChannel(lab);
	for (let round = 1; round <= rounds; round++) {
		for (const arm of networks) {
			if (round === 1 && arm === 'channel') {
				await plug(stage);
			}
			step(`unmodified programs, ${arm}, round ${round} of ${rounds}`);
			await stage.turnTo(arm);
			await measureAll(stage, arm, figures);
		}
	}
	await stage.wake();

	step('netfront, channel, and what a guest needs for itself alone: medians of the rounds');
	const results = rows.map((row, index) => result(row, figures[index] ?? {}));
	say(resultTable(results).join('\n'));
	for (const line of scattered(results)) {
		say(`spread: ${line}`);
	}

	return results;
}

async function withoutChannel(lab: Lab): Promise<void> {
	const {dom0, a, b} = lab;
	step('load Coloop in dom0 and both guests; no policy allows anything yet');
	await Promise.all([start(dom0, 'version: 1\npairs: []\n'), start(a), start(b)]);
	await until('dom0 knows the pair', async () => (await pair(lab)) !== undefined, patient);
	say((await dom0.run('coloop list', slow)).stdout);
	await b.run(startServers);
}

/** All rows by one way; a row that does not work ends the demo. */
async function measureAll(stage: Stage, arm: Network, figures: readonly Taken[]): Promise<void> {
	await stage.rest();
	for (const [index, row] of rows.entries()) {
		const figure = await measure(row, arm, stage.place(arm));
		say(`  ${row.name}: ${round(figure.value)} ${row.unit}`);
		figures[index]?.[arm].push(figure);
	}
}

async function plug(stage: Stage): Promise<void> {
	const {lab} = stage;
	const {dom0, a} = lab;
	step('a policy allows the pair, while a ping runs');
	await stage.wake();
	const ping = a.spawn('exec ping -n -i 0.5 b');
	await until('ping runs', () => ping.stdout().includes('time='), patient);
	await writePolicy(dom0, allowPair);
	print(allowPair);
	await dom0.run('coloop policy reload', slow);
	await channelUp(lab);
	const before = ping.stdout().length;
	await until('ping goes on', () => ping.stdout().length > before + 200, patient);
	const lines = (await ping.stop('SIGINT')).stdout.split('\n');
	say(
		lines
			.filter(line => line.includes('time='))
			.slice(-3)
			.join('\n'),
	);
	say((await dom0.run('coloop list', slow)).stdout);
}

async function unplugAndPlug(lab: Lab): Promise<void> {
	step('take the channel away from a running iperf3, and give it back');
	const rates = await unplug(lab, print);
	const [before, without, after] = [rates.plugged, rates.unplugged, rates.replugged];
	say(`one connection: ${before} Mbit/s, ${without} without the channel, ${after} again with it`);
}

/** Everything goes; nothing may be left of it, and no kernel may have complained. */
async function lookBack(lab: Lab, looks: ReadonlyArray<() => Promise<readonly string[]>>) {
	step('take Coloop back, and look at what is left');
	await takeBack(lab);
	const left: string[] = [];
	for (const look of looks) {
		left.push(...(await look()));
	}
	left.push(...(await findSplats(lab)).map(({where, text}) => `${where}: ${text}`));
	if (left.length > 0) {
		throw new Error(`left behind:\n${left.join('\n')}`);
	}
	say('nothing: no grant, no event channel, no XenStore node, no complaint of Xen or a kernel');
}

async function keep(lab: Lab, results: readonly Result[]): Promise<void> {
	const file = path.join(repository, 'build/demo.json');
	const versions = await lab.dom0.run("uname -r; xl info | sed -n 's/^xen_version *: //p'");
	const [kernel, xen] = versions.stdout.trim().split('\n');
	const content = {results, stack: lab.flavour.stack, kernel, xen};
	await writeFile(file, `${JSON.stringify(content, null, '\t')}\n`);
	say(`\nevery figure: ${path.relative(process.cwd(), file)}`);
}

step('boot Xen, dom0 and two guests, or restore them as they were');
const lab = await Lab.start({mode: 'icount', say: whisper});
try {
	say(picture(lab.flavour));
	const looks = await Promise.all(checks.map(check => check(lab)));
	const results = await demo(lab);
	await keep(lab, results);
	await unplugAndPlug(lab);
	await lookBack(lab, looks);

	step('done');
	const missed = missedBounds(rows, results);
	say(missed.length === 0 ? 'every bound is met' : `bounds missed:\n  ${missed.join('\n  ')}`);
} catch (error) {
	say(`\nit does not work: ${error instanceof Error ? error.message : String(error)}`);
	process.exitCode = 1;
} finally {
	await lab.stop();
}
