// SPDX-License-Identifier: MIT
import {bytesOfIperf3} from '../parse.ts';
import {kindsOf} from './kinds.ts';
import type {Symbols} from './symbols.ts';

/** Instructions by the address of their block. */
export type Counts = ReadonlyMap<bigint, number>;

export const parts = ['user', 'linux', 'coloop', 'xen'] as const;

export type Part = (typeof parts)[number];

export type Share = {readonly name: string; readonly part: Part; readonly count: number};

/** What count.c writes. */
export function parseCounts(text: string): Counts {
	const counts = new Map<bigint, number>();
	for (const line of text.split('\n')) {
		const [address, count] = line.split(' ');
		if (address && count) {
			counts.set(BigInt(`0x${address}`), Number(count));
		}
	}

	return counts;
}

/** What is in one and not in another: of two looks, or of two runs. */
export function difference(all: Counts, less: Counts): Counts {
	const counts = new Map<bigint, number>();
	for (const [address, count] of all) {
		const rest = count - (less.get(address) ?? 0);
		if (rest !== 0) {
			counts.set(address, rest);
		}
	}
	for (const [address, count] of less) {
		if (!all.has(address)) {
			counts.set(address, -count);
		}
	}

	return counts;
}

/** Counts by function, the most first.  Of two runs, a function may have less in the longer. */
export function functionsOf(counts: Counts, symbols: Symbols): Share[] {
	const functions = new Map<string, Share>();
	for (const [address, count] of counts) {
		const {name, part} = symbols.at(address);
		const known = functions.get(name)?.count ?? 0;
		functions.set(name, {name, part, count: known + count});
	}

	return [...functions.values()].sort((a, b) => b.count - a.count);
}

/** What a run has done, and so what its instructions are to be divided by. */
export type Amount = {readonly count: number; readonly unit: 'transaction' | 'MB'};

/** Read off the output of the tools that tell. */
export function amountOf(stdout: string): Amount | undefined {
	const [, messages] = /\[Total Run\] .* ReceivedMessages=(\d+)/.exec(stdout) ?? [];
	if (messages !== undefined) {
		return {count: Number(messages), unit: 'transaction'};
	}
	const [, pings] = /^\d+ packets transmitted, (\d+) received/m.exec(stdout) ?? [];
	if (pings !== undefined) {
		return {count: Number(pings), unit: 'transaction'};
	}
	if (stdout.startsWith('{')) {
		return {count: bytesOfIperf3(stdout) / 1e6, unit: 'MB'};
	}

	return undefined;
}

export function amountBetween(
	short: Amount | undefined,
	long: Amount | undefined,
): Amount | undefined {
	if (!short || !long) {
		return undefined;
	}

	return {count: long.count - short.count, unit: long.unit};
}

export type Profile = {
	readonly functions: readonly Share[];
	readonly amount: Amount | undefined;
};

/** The profile as people read it: by whose, by what for, then the functions that have a share. */
export function profileText(title: string, {functions, amount}: Profile): string {
	const total = functions.reduce((sum, {count}) => sum + count, 0);
	const line = (name: string, count: number) => {
		const each = amount ? (count / amount.count).toFixed(0).padStart(10) : '';
		const share = ((count / total) * 100).toFixed(2).padStart(6);

		return `${share} % ${String(count).padStart(13)} ${each}  ${name}`;
	};
	const sums = parts.map(part => {
		const ours = functions.filter(each => each.part === part);

		return line(
			part,
			ours.reduce((sum, {count}) => sum + count, 0),
		);
	});
	const heading = ` share  instructions ${amount ? `  each ${amount.unit}` : ''}`;
	const told = functions.filter(({count}) => count / total >= 0.0005);

	return [
		title,
		...(amount ? [`${amount.count.toFixed(0)} x ${amount.unit}`] : []),
		...['', heading, line('all', total), ...sums, ''],
		...kindsOf(functions).map(({name, count}) => line(name, count)),
		'',
		...told.map(({name, count}) => line(name, count)),
		'',
	].join('\n');
}
