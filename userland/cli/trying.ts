// SPDX-License-Identifier: MIT
import {parseSeconds, type Shell} from './command.ts';
import type {Trial} from './trial.ts';

type Options = {address?: string; timeout: number; json?: true};

/** `test`. */
export function addTrying({program, console, exit, socket}: Shell): void {
	program
		.command('test')
		.argument('<peer>', 'by name or domid')
		.summary('prove that a pair works, and what the channel gains')
		.description(
			'Proves that a channel to a peer works, and what it gains: measures with ping, a TCP handshake and, where the peer runs `iperf3 -s`, iperf3, first with the channel down, then over the channel. The peer needs to answer echo requests, and nothing else. The channel may come up again however the test ends, also by `^C`. Exits with 1 where packets were lost or did not take the channel.',
		)
		.option('-A, --address <address>', 'of the peer, instead of that in our neighbour tables')
		.option(
			'-t, --timeout <seconds>',
			'how long the channel may take to come up',
			parseSeconds,
			10,
		)
		.option('-j, --json', 'the same, for programs')
		.action(async (peer: string, {address, timeout: seconds, json}: Options) => {
			const {tryPeer} = await import('./trial.ts');
			const system = console.system ?? (await import('./system.ts')).realSystem;
			const trial = await untilInterrupted(console.signal, signal =>
				tryPeer(socket(), {peer, address, seconds}, system, signal),
			);
			if (trial === 'interrupted') {
				console.err('coloop: interrupted; the channel may come up again');
				exit.status = interrupted;

				return;
			}
			if (json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson(trial));
			} else {
				(await linesOf(trial)).forEach(console.out);
			}
			trial.faults.forEach(fault => console.err(`coloop: ${trial.peer}: ${fault}`));
			exit.status = trial.passes ? 0 : 1;
		});
}

/** As a shell has it of what SIGINT ended. */
const interrupted = 130;

/** What is begun is brought to its end first. */
async function untilInterrupted<T>(
	outer: AbortSignal | undefined,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T | 'interrupted'> {
	const stop = new AbortController();
	const abort = () => stop.abort();
	const signal = outer ?? stop.signal;
	if (outer === undefined) {
		process.on('SIGINT', abort).on('SIGTERM', abort).on('SIGHUP', abort);
	}
	try {
		return await work(signal);
	} catch (error) {
		if (signal.aborted) {
			return 'interrupted';
		}
		throw error;
	} finally {
		process.off('SIGINT', abort).off('SIGTERM', abort).off('SIGHUP', abort);
	}
}

async function linesOf({peer, address, rows, channel, passes}: Trial): Promise<string[]> {
	const {table} = await import('./render.ts');
	const figure = (value: number | null, unit: string) =>
		value === null ? '-' : `${value.toFixed(unit === 'ms' ? 3 : 0)} ${unit}`;
	const cells = rows.map(({name, unit, ordinary, channel: over, gain}) => [
		name,
		figure(ordinary, unit),
		figure(over, unit),
		gain === null ? '-' : `${gain.toFixed(2)} x`,
	]);
	const {sent_packets: sent, received_packets: received} = channel;

	return [
		...table([['', 'ordinary path', 'channel', 'gain'], ...cells], new Set([1, 2, 3])),
		`${peer} (${address}): ${passes ? 'works' : 'does not work'}, the channel carried ${sent} packets there and ${received} back`,
	];
}
