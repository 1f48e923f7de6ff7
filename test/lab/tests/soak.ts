// SPDX-License-Identifier: MIT
//
// Traffic both ways, every byte of it compared, while things go wrong at random: HOURS=n SEED=n.
// make soak HOURS=2
import process from 'node:process';
import test from 'ava';
import {
	allowAdapting,
	channelUp,
	diverted,
	killDaemon,
	load,
	patient,
	startDaemon,
	withChannel,
	writePolicy,
} from '../channel.ts';
import type {Background, Guest} from '../guest.ts';
import {until} from '../until.ts';
import {withLab, type Given} from '../with-lab.ts';
import {askAgain, takeDown} from './_liar.ts';
import {compared, memoryOf} from './_count.ts';

const hours = Number(process.env['HOURS'] || 0.1);
const seed = Number(process.env['SEED'] || Date.now() % 1_000_000);
const port = 7400;

type Random = (below: number) => number;
type Fault = (given: Given, random: Random) => Promise<void>;

/** mulberry32: the same faults for the same seed. */
function randomOf(start: number): Random {
	let state = start >>> 0;

	return below => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);

		return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
	};
}

function one<T>(random: Random, among: readonly T[]): T {
	const chosen = among[random(among.length)];
	if (chosen === undefined) {
		throw new Error('nothing to choose from');
	}

	return chosen;
}

const faults: Readonly<Record<string, Fault>> = {
	'daemon killed': async ({dom0, a, b}, random) => {
		const machine = one(random, [dom0, a, b]);
		await killDaemon(machine);
		await startDaemon(machine);
	},
	'module reloaded': async ({a, b}, random) => {
		const machine = one(random, [a, b]);
		await machine.run('rmmod coloop');
		await load(machine);
	},
	'policy withdrawn': async ({dom0, a}) => {
		await writePolicy(dom0, 'version: 1\npairs: []\n');
		await until('a has no channel', async () => (await channels(a)) === 0, patient);
		await writePolicy(dom0, allowAdapting);
	},
	'policy broken': async ({dom0}) => {
		await writePolicy(dom0, `${allowAdapting}broken: [\n`);
		await dom0.run('coloop policy reload', {fails: true, timeout: 600_000});
		await writePolicy(dom0, allowAdapting);
	},
	'taken down': async ({a}) => {
		await takeDown(a);
		await askAgain(a);
	},
	'interface down': async ({a, b}, random) => {
		await one(random, [a, b]).run('ip link set eth0 down; ip link set eth0 up');
	},
	'MTU changed': async ({a, b}, random) => {
		await one(random, [a, b]).run(`ip link set eth0 mtu ${one(random, [1280, 1400, 1500])}`);
	},
	'peer paused': async ({dom0}, random) => {
		await dom0.run(`xl pause b; sleep ${1 + random(6)}; xl unpause b`, patient);
	},
	'peer saved': async ({lab, dom0}) => {
		await dom0.run('xl save b /var/tmp/b && xl restore /var/tmp/b; rm /var/tmp/b', patient);
		await lab.answers('b');
	},
};

async function channels(machine: Guest): Promise<number> {
	const {stdout} = await machine.run(
		`echo '{"op":"status"}' | nc -U -w 30 /run/coloop/coloopd.sock`,
		{silent: true},
	);

	return Number(/"channels":(\d+)/.exec(stdout)?.[1]);
}

/** Both directions; what has arrived, as the receivers say. */
class Flows {
	readonly #servers: readonly Background[];
	readonly #senders: readonly Background[];

	private constructor(servers: readonly Background[], senders: readonly Background[]) {
		this.#servers = servers;
		this.#senders = senders;
	}

	static async start({a, b}: Given): Promise<Flows> {
		const flow = 'exec node /opt/coloop/flow.mjs';
		const servers = [a, b].map(each => each.spawn(`${flow} serve ${port}`));
		await until('both listen', () => servers.every(each => each.stdout() !== ''), patient);
		const senders = [
			a.spawn(`${flow} send b ${port} ${seed}`),
			b.spawn(`${flow} send a ${port} ${seed + 1}`),
		];
		const flows = new Flows(servers, senders);
		await flows.flow();

		return flows;
	}

	/** More has arrived at both ends, all of it right. */
	async flow(): Promise<void> {
		const before = this.totals();
		await until(
			'more arrives at both ends',
			() => this.totals().every((now, at) => now.tcp > (before[at]?.tcp ?? 0)),
			{...patient, every: 500},
		);
	}

	totals(): Totals[] {
		for (const each of [...this.#servers, ...this.#senders]) {
			if (each.stdout().includes('"wrong"')) {
				throw new Error(each.stdout().slice(-300));
			}
		}

		return this.#servers.map(each => parseTotals(each.stdout()));
	}

	async stop(): Promise<void> {
		await Promise.all([...this.#senders, ...this.#servers].map(each => each.stop()));
	}
}

type Totals = Record<'tcp' | 'tcpBytes' | 'udp' | 'udpBytes' | 'lost', number>;

function parseTotals(text: string): Totals {
	const line = text.split('\n').findLast(each => each.startsWith('{"tcp"') && each.endsWith('}'));

	return JSON.parse(line ?? '{"tcp":0,"tcpBytes":0,"udp":0,"udpBytes":0,"lost":0}') as Totals;
}

test(
	`mixed traffic, faults and policy changes, for ${hours} hours from seed ${seed}`,
	withLab,
	withChannel(async (t, given) => {
		const {lab, a, b} = given;
		const random = randomOf(seed);
		const done = new Map<string, number>();
		const deadline = Date.now() + hours * 3_600_000;
		const before = await memoryOf(a);
		const flows = await Flows.start(given);

		while (Date.now() < deadline) {
			const name = one(random, Object.keys(faults));
			await faults[name]?.(given, random);
			done.set(name, (done.get(name) ?? 0) + 1);
			await channelUp(lab);
			const ways = await diverted(a);
			await flows.flow();
			await until('it is diverted', async () => (await diverted(a)) > ways, patient);
			t.pass();
		}
		const totals = flows.totals();
		await flows.stop();
		for (const machine of [a, b]) {
			await machine.run('ip link set eth0 mtu 1500');
		}
		for (const [at, each] of totals.entries()) {
			t.log(`to ${'ab'[at] ?? ''}: ${JSON.stringify(each)}`);
		}
		for (const [name, count] of done) {
			t.log(`${count} times ${name}`);
		}
		t.log(compared('a', before, await memoryOf(a)));
		const bytes = totals.reduce((sum, each) => sum + each.tcpBytes + each.udpBytes, 0);
		const count = [...done.values()].reduce((sum, each) => sum + each, 0);
		t.true(count > 0 && bytes > 0);
		given.claim(
			'soak',
			`${hours} h (${lab.flavour.mode}), ${count} faults, ${(bytes / 1e6).toFixed(0)} MB compared, seed ${seed}`,
		);
	}, allowAdapting),
);
