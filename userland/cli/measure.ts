// SPDX-License-Identifier: MIT
import type {System} from './system.ts';

/** Echo requests of each size; each is a packet that the channel has to carry. */
export const pings = 100;
const connects = 30;
/** Where hardly anything listens; a refusal is an answer of the peer's TCP all the same. */
const discardPort = 9;
const iperfPort = 5201;

type Row = {
	readonly name: string;
	readonly unit: string;
	/** Null where it could not be measured. */
	readonly value: number | null;
	readonly isMoreBetter: boolean;
};

export type Figures = {readonly rows: readonly Row[]; readonly faults: readonly string[]};

/** What programs that know nothing of us find of an address. Always the same rows. */
export async function measure(
	address: string,
	system: System,
	signal: AbortSignal,
): Promise<Figures> {
	const faults: string[] = [];
	const rows: Row[] = [];
	for (const work of [
		() => ping(address, 56, system, faults),
		() => ping(address, 1400, system, faults),
		() => connect(address, system),
		() => iperf(address, system),
	]) {
		signal.throwIfAborted();
		rows.push(await work());
	}

	return {rows, faults};
}

async function ping(address: string, size: number, system: System, faults: string[]): Promise<Row> {
	const name = size === 56 ? 'ping' : `ping, ${size} bytes`;
	const ended = await system.run(
		...([
			'ping',
			'-n',
			'-q',
			'-c',
			`${pings}`,
			'-i',
			'0.01',
			'-W',
			'1',
			'-s',
			`${size}`,
		] as const),
		address,
	);
	const row = (value: number | null) => ({name, unit: 'ms', value, isMoreBetter: false});
	if (ended === undefined) {
		faults.push('ping is not installed, or did not end: apt install iputils-ping');

		return row(null);
	}
	const received = Number(/(\d+) received/.exec(ended.out)?.[1] ?? 0);
	if (received < pings) {
		const why = ended.err.trim().split('\n')[0];
		faults.push(`${pings - received} of ${pings} echo requests lost${why ? `: ${why}` : ''}`);
	}
	const average = /= [\d.]+\/([\d.]+)\//.exec(ended.out)?.[1];

	return row(average === undefined ? null : Number(average));
}

/** The median time in which the peer's TCP answers. */
async function connect(address: string, system: System): Promise<Row> {
	const times: number[] = [];
	for (let count = 0; count < connects; count++) {
		const {ms} = await system.connect(address, discardPort);
		if (ms === undefined) {
			break;
		}
		times.push(ms);
	}
	const value = times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? null;

	return {name: 'TCP handshake', unit: 'ms', value, isMoreBetter: false};
}

/** Only where the peer runs `iperf3 -s`, and we have it too. */
async function iperf(address: string, system: System): Promise<Row> {
	const row = (value: number | null) => ({
		...{name: 'iperf3', unit: 'Mbit/s', value, isMoreBetter: true},
	});
	if (!(await system.connect(address, iperfPort)).isOpen) {
		return row(null);
	}
	const ended = await system.run('iperf3', '-J', '-t', '2', '-c', address);
	const bits = /"sum_received":\s*\{[^}]*"bits_per_second":\s*([\d.e+]+)/.exec(
		ended?.out ?? '',
	)?.[1];

	return row(bits === undefined ? null : Number(bits) / 1e6);
}
