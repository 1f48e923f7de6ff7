// SPDX-License-Identifier: MIT
import type {Part} from './counts.ts';

type Named = {readonly name: string; readonly part: Part};

type Entry = Named & {readonly address: bigint; readonly isCode: boolean};

/** /proc/kallsyms of machines that have one kernel. */
export type Kallsyms = {readonly a: string; readonly b: string; readonly dom0: string};

// The hole between the halves of the address space, and Xen's own part of the upper one.
const kernelHalf = 0xffff_8000_0000_0000n;
const endOfXen = 0xffff_8800_0000_0000n;
const modules = {from: 0xffff_ffff_c000_0000n, to: 0xffff_ffff_ff00_0000n};
// No function is as long: what follows is other code, without a symbol.
const longest = 1n << 15n;

/** Names for addresses of any machine, since the emulator does not tell which one ran. */
export class Symbols {
	readonly #xen: readonly Entry[];
	readonly #kernel: readonly Entry[];
	readonly #modules: Readonly<Record<keyof Kallsyms, readonly Entry[]>>;

	/** Of what /proc/xen/xensyms says, and /proc/kallsyms. */
	constructor(xensyms: string, {a, b, dom0}: Kallsyms) {
		const [inA, inB, inDom0] = [a, b, dom0].map(parseSymbols);
		this.#xen = parseSymbols(xensyms);
		this.#kernel = inA ?? [];
		// Modules lie where there was room.
		this.#modules = {a: inA ?? [], b: inB ?? [], dom0: inDom0 ?? []};
	}

	at(address: bigint): Named {
		if (address < kernelHalf) {
			return {name: 'user', part: 'user'};
		}
		if (address < endOfXen) {
			return {name: nearest(this.#xen, address)?.name ?? 'xen?', part: 'xen'};
		}
		const unknown = {name: 'linux?', part: 'linux'} as const;
		if (!isModule(address)) {
			return nearest(this.#kernel, address) ?? unknown;
		}

		return this.#inModules(address) ?? unknown;
	}

	/** Guests first: the rows run between them. */
	#inModules(address: bigint): Named | undefined {
		const {a, b, dom0} = this.#modules;
		const found = [a, b, dom0].flatMap(table => nearest(table, address) ?? []);
		const [first, ...others] = [...new Set(found.map(({name}) => name))];
		if (first === undefined) {
			return undefined;
		}
		const name = [first, ...others.map(other => `(or ${other})`)].join(' ');

		return {name, part: found[0]?.part ?? 'linux'};
	}
}

function isModule(address: bigint): boolean {
	return address >= modules.from && address < modules.to;
}

/** Lines as of nm, `ADDRESS TYPE NAME [MODULE]`, by address. */
function parseSymbols(text: string): Entry[] {
	const entries: Entry[] = [];
	for (const line of text.split('\n')) {
		const [address = '', type = '', name, module] = line.split(/\s+/);
		if (name === undefined || !/^[\da-f]+$/.test(address)) {
			continue;
		}
		entries.push({
			name: module === undefined ? name : `${name} ${module}`,
			part: module === '[coloop]' ? 'coloop' : 'linux',
			address: BigInt(`0x${address}`),
			isCode: /^[tTwW]$/.test(type),
		});
	}

	return entries.sort((a, b) => (a.address < b.address ? -1 : Number(a.address > b.address)));
}

/** The code that an address is in: the last symbol that begins at or before it. */
function nearest(entries: readonly Entry[], address: bigint): Entry | undefined {
	let [low, high] = [0, entries.length];
	while (low < high) {
		const middle = (low + high) >>> 1;
		const entry = entries[middle];
		if (entry && entry.address <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	const entry = entries[low - 1];

	return entry?.isCode && address - entry.address < longest ? entry : undefined;
}
