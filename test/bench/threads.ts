// SPDX-License-Identifier: MIT
// threads.js: what a second processor gains. Counted time has one CPU, so this runs in threads, where
// times mean nothing: two arms take turns, and the median of their ratios is told, with its spread.
// PAIRS=n turns of each; BENCH='sockets queues' picks.  Writes build/bench-threads.json.
import {mkdir, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {load} from '../lab/channel.ts';
import {findSplats} from '../lab/checks.ts';
import {Drive} from '../lab/drive.ts';
import type {Guest} from '../lab/guest.ts';
import {asGuestName, guestNumber} from '../lab/guest-config.ts';
import {oneOf} from '../lab/images.ts';
import {Lab} from '../lab/lab.ts';
import {Link} from '../lab/link.ts';
import {repository} from '../lab/paths.ts';
import {count} from '../lab/tests/_count.ts';
import {markdownTable} from './markdown.ts';
import {compete, type Outcome, type Taken} from './pairs.ts';
import {parsePingPong, parseStream, type Parse} from './parse.ts';
import {namesIn} from './rows/groups.ts';
import {listening} from './servers.ts';

const pairs = count('PAIRS', 5);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const slow = {timeout: 300_000, silent: true};

async function driven(lab: Lab, machine: Guest): Promise<Drive> {
	await load(machine);

	return Drive.start(lab, machine);
}

/** A program's figure, and how many processors of this machine the emulator used for it. */
async function timed(lab: Lab, client: Guest, command: string, parse: Parse): Promise<Taken> {
	const [from, used] = [process.hrtime.bigint(), await lab.cpuSeconds()];
	const {stdout} = await client.run(command, slow);
	const seconds = Number(process.hrtime.bigint() - from) / 1e9;
	const {value} = parse(stdout);

	return {value, processors: ((await lab.cpuSeconds()) - used) / seconds};
}

/** Sockets that spin before they sleep; 50 us is what the kernel's documentation proposes. */
async function socketsThatSpin(lab: Lab): Promise<Outcome> {
	const {a, b} = lab;
	const [client, server] = [await driven(lab, a), await driven(lab, b)];
	const link = new Link(client, server, {order: 8});
	await link.connect();
	const take = async (arm: string) => {
		for (const machine of [a, b]) {
			await machine.run(`sysctl -q net.core.${arm}`, slow);
		}

		// A socket takes the setting when it is made.
		return told(arm, await pingPong(lab, a, b));
	};
	const arms = ['busy_read=0', 'busy_read=50'] as const;
	const outcome = await compete({name: 'tcp_rr_14', unit: 'trans/s', arms, take}, pairs);
	await link.forget();

	return outcome;
}

async function pingPong(lab: Lab, client: Guest, server: Guest): Promise<Taken> {
	const sockperf = server.spawn(`exec sockperf server --tcp --port 11113`, {silent: true});
	await server.run(listening(11113), slow);
	const address = `10.0.0.${guestNumber(asGuestName(server.name))}`;
	const command = `sockperf ping-pong -i ${address} --tcp --port 11113 --msg-size 14 --time 2`;
	const taken = await timed(lab, client, command, parsePingPong);
	await sockperf.stop();

	return taken;
}

async function twoWithTwo(lab: Lab): Promise<[Guest, Guest]> {
	const size = {vcpus: 2, memoryMiB: 384};

	return [await lab.create('c', size), await lab.create('d', size)];
}

/** Two guests with two vCPUs each. */
async function queues(lab: Lab): Promise<Outcome> {
	const [c, d] = await twoWithTwo(lab);
	const [client, server] = [await driven(lab, c), await driven(lab, d)];
	await d.run(`iperf3 --server --daemon; ${listening(5201)}`, slow);
	const take = async (arm: string) => {
		const link = new Link(client, server, {order: 8, queues: Number.parseInt(arm, 10)});
		await link.connect();
		const command = 'iperf3 --client d --parallel 4 --length 64K --time 3 --json';
		const taken = await timed(lab, c, command, parseStream);
		await link.forget();

		return told(arm, taken);
	};
	const arms = ['1 queue', '2 queues'] as const;

	return compete({name: 'tcp_64K_x4', unit: 'Mbit/s', arms, take}, pairs);
}

function told(arm: string, taken: Taken): Taken {
	say(`  ${arm}: ${taken.value.toFixed(0)}, ${taken.processors.toFixed(2)} processors`);

	return taken;
}

function table(outcomes: readonly Outcome[]): string[] {
	const head = ['row', 'unit', 'first', 'second', 'ratio', 'spread', 'processors'];
	const rows = outcomes.map(({name, unit, arms, values, processors, ratio}) => [
		...[name, unit, `${arms[0]}: ${values[0]}`, `${arms[1]}: ${values[1]}`],
		...[String(ratio.median), `${ratio.least} to ${ratio.most}`, processors.join(', ')],
	]);

	return markdownTable([head, ...rows], new Set([4]));
}

type Contest = {
	readonly title: string;
	readonly hold: (lab: Lab) => Promise<Outcome>;
};

const contests: Readonly<Record<string, Contest>> = {
	sockets: {title: 'sockets that spin, one vCPU in each guest', hold: socketsThatSpin},
	queues: {title: 'two queues, two vCPUs in each guest', hold: queues},
};

const asked = namesIn(process.env['BENCH'] ?? '');
const picked = (asked.length === 0 ? Object.keys(contests) : asked).map(name =>
	oneOf('BENCH', contests, name),
);
const outcomes: Outcome[] = [];
for (const {title, hold} of picked) {
	say(`== ${title}`);
	const lab = await Lab.start({mode: 'multi'});
	try {
		outcomes.push(await hold(lab));
		const splats = await findSplats(lab);
		if (splats.length > 0) {
			throw new Error(splats.map(({text}) => text).join('\n'));
		}
	} catch (error) {
		process.exitCode = 1;
		say(`it does not work: ${String(error)}`);
	} finally {
		await lab.stop();
	}
}
const file = path.join(repository, 'build/bench-threads.json');
await mkdir(path.dirname(file), {recursive: true});
const content = {host_processors: os.availableParallelism(), outcomes};
await writeFile(file, `${JSON.stringify(content, null, '\t')}\n`);
say(`\n${table(outcomes).join('\n')}`);
say(
	`\nof ${os.availableParallelism()} processors of this machine; ${path.relative(process.cwd(), file)}`,
);
