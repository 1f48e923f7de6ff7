// SPDX-License-Identifier: MIT
import {patient} from './channel.ts';
import {lastLine} from './numbered.ts';
import type {Guest} from './guest.ts';
import type {Arrivals} from './inside/numbered.ts';

/** What inside/transactions tells, of the time since it told before. */
export type Sample = {
	/** Uptime of who asks, in ms. */
	readonly at: number;
	readonly answers: number;
	/** The longest wait for one of them, in ms. */
	readonly longest: number;
	/** Of the connection, from its beginning. */
	readonly retransmits: number;
};

/** All of an exchange. */
export type Exchanged = {
	readonly samples: readonly Sample[];
	readonly datagrams: Arrivals & {readonly sent: number};
	/** Connections that who asks has had, and how many of either side's ended by a reset. */
	readonly connections: number;
	readonly resets: number;
};

const ports = {transactions: 7300, numbers: 7200};

// By themselves: whoever started them may go, and the guest move. Each is to end with status 0.
const background = (command: string, name: string) =>
	`setsid sh -c 'echo $$ >/tmp/${name}.pid; ${command}; echo "ended: $?" >>/tmp/${name}.errors' \\
		>/tmp/${name} 2>/tmp/${name}.errors </dev/null &`;

const serve = `${background(`/opt/coloop/transactions serve ${ports.transactions}`, 'answers')}
	${background(`node /opt/coloop/numbered.mjs serve ${ports.numbers}`, 'arrivals')}
	until ss -Htln sport = ${ports.transactions} | grep -q . && grep -qs ready /tmp/arrivals; do
		busybox usleep 100000
	done`;

const ask = (to: string, every: number) =>
	`${background(`/opt/coloop/transactions ask ${to} ${ports.transactions}`, 'samples')}
	${background(`node /opt/coloop/numbered.mjs send ${to} ${ports.numbers} ${every}`, 'numbers')}
	until [ -s /tmp/samples ]; do busybox usleep 100000; done`;

/** Ends a program, and prints what it wrote. */
const finish = (program: string, name: string) =>
	`pkill -TERM -f '^${program}'; until grep -q ^ended: /tmp/${name}.errors; do
		busybox usleep 100000
	done; cat /tmp/${name}.errors >&2; cat /tmp/${name}`;

/**
 * Requests and answers on one TCP connection, and a datagram every few milliseconds, from a guest to
 * another, which may move meanwhile.
 */
export class Exchange {
	readonly #a: Guest;
	readonly #connections = new Set<string>();
	readonly #resets: number;

	private constructor(a: Guest, resets: number) {
		this.#a = a;
		this.#resets = resets;
	}

	static async start(a: Guest, b: Guest, every = 50): Promise<Exchange> {
		const exchange = new Exchange(a, (await resetsOf(a)) + (await resetsOf(b)));
		await b.run(serve, patient);
		await a.run(ask(b.name, every), patient);
		await exchange.look();

		return exchange;
	}

	/** Notes the connection that there is. */
	async look(): Promise<void> {
		const {stdout} = await this.#a.run(
			`ss -Htn state established dport = ${ports.transactions} | awk '{print $3, $4}'`,
			{silent: true},
		);
		stdout
			.split('\n')
			.filter(Boolean)
			.forEach(each => this.#connections.add(each));
	}

	async samples(): Promise<Sample[]> {
		return parseSamples((await this.#a.run('cat /tmp/samples', {silent: true})).stdout);
	}

	/** Ends it; the other guest is where it is now. */
	async stop(b: Guest): Promise<Exchanged> {
		await this.look();
		const [asked, sent] = [
			await output(this.#a, '/opt/coloop/transactions', 'samples'),
			await output(this.#a, 'node /opt/coloop/numbered.mjs', 'numbers'),
		];
		await output(b, '/opt/coloop/transactions', 'answers');
		const arrivals = await output(b, 'node /opt/coloop/numbered.mjs', 'arrivals');
		const resets = (await resetsOf(this.#a)) + (await resetsOf(b)) - this.#resets;

		return {
			samples: parseSamples(asked),
			datagrams: {...lastLine<{sent: number}>(sent), ...lastLine<Arrivals>(arrivals)},
			connections: this.#connections.size,
			resets,
		};
	}
}

async function output(machine: Guest, program: string, name: string): Promise<string> {
	const {stdout, stderr} = await machine.run(finish(program, name), patient);
	if (stderr.trim() !== 'ended: 0') {
		throw new Error(`${machine.name}: ${program}: ${stderr}`);
	}

	return stdout;
}

async function resetsOf(machine: Guest): Promise<number> {
	const {stdout} = await machine.run('nstat -asz TcpEstabResets', {silent: true});

	return Number(/^TcpEstabResets +(\d+)/m.exec(stdout)?.[1]);
}

export function parseSamples(text: string): Sample[] {
	// The last line may be on its way.
	return text
		.split('\n')
		.slice(0, -1)
		.map(line => {
			const numbers = line.split(' ').map(Number);
			const [at = NaN, answers = NaN, longest = NaN, retransmits = NaN] = numbers;
			if (numbers.length !== 4 || numbers.some(Number.isNaN)) {
				throw new Error(
					`expected a line of inside/transactions, got ${JSON.stringify(line)}`,
				);
			}

			return {at, answers, longest: longest / 1000, retransmits};
		});
}
