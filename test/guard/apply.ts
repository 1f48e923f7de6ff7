// SPDX-License-Identifier: MIT
import type {Nftables} from '../../userland/nftables-js/index.ts';
import {tools, type Command, type Tool} from './command.ts';
import {run, runBatch, writeSysctl} from './run.ts';

/** Lines that fail are left out; whoever still fails after so many rounds is left out whole. */
const rounds = 8;

/** Runs what the kernel takes of the commands, and returns that: in the order in which it was run. */
export async function apply(commands: readonly Command[]): Promise<Command[]> {
	const applied: Command[] = [];

	for (const tool of tools) {
		const those = commands.filter(command => command.tool === tool);
		if (those.length > 0) {
			applied.push(...(await applyAll(tool, those)));
		}
	}

	return applied;
}

/** Leaves no rule, and takes everything else back. */
export async function undo(applied: readonly Command[], nft: Nftables): Promise<void> {
	const backwards = applied
		.filter(({undo: text}) => text !== undefined)
		.map(({tool, undo: text = ''}) => ({tool, text}))
		.reverse();
	await nft.text('flush ruleset');

	for (const tool of tools.toReversed()) {
		const those = backwards.filter(command => command.tool === tool);
		const left = await applyAll(tool, those);
		const texts = those.filter(each => !left.includes(each)).map(({text}) => text);
		// Two commands may have been about one entry of the bridge.
		if (texts.some(text => !text.startsWith('fdb del '))) {
			throw new Error(`could not take back: ${tool} ${texts.join('; ')}`);
		}
	}
}

async function applyAll(tool: Tool, commands: Command[]): Promise<Command[]> {
	switch (tool) {
		case 'nft':
			return repeat(commands, runNft);
		case 'iptables':
		case 'ip6tables':
		case 'ebtables':
			return applyTables(tool, commands);
		case 'sysctl':
			return commands.filter(({text}) => setSysctl(text));
		case 'bpf':
			return filterAsync(commands, async ({text}) => (await runBpf(text)) === 0);
		default: {
			const failed = await runBatch(
				tool,
				commands.map(({text}) => text),
			);

			return commands.filter((_, index) => !failed.has(index));
		}
	}
}

async function filterAsync<T>(
	list: readonly T[],
	test: (item: T) => Promise<boolean>,
): Promise<T[]> {
	const kept: T[] = [];
	for (const item of list) {
		if (await test(item)) {
			kept.push(item);
		}
	}

	return kept;
}

async function runBpf(text: string): Promise<unknown> {
	return (await run('build/guard/bpf', text.split(' '))).status;
}

function setSysctl(text: string): boolean {
	const [name = '', value = ''] = text.split('=');
	try {
		writeSysctl(name, value);

		return true;
	} catch {
		return false;
	}
}

type Failure = {
	/** Of the lines at fault. */
	readonly indices: ReadonlySet<number>;
};

/** A transaction takes all or nothing: what it names as wrong is left out, and the rest tried again. */
async function repeat(
	commands: readonly Command[],
	tryAll: (texts: readonly string[]) => Promise<Failure | undefined>,
): Promise<Command[]> {
	let left = [...commands];

	for (let round = 0; round < rounds && left.length > 0; round++) {
		const failure = await tryAll(left.map(({text}) => text));
		if (!failure) {
			return left;
		}
		const kept = left.filter((_, index) => !failure.indices.has(index));
		if (kept.length === left.length) {
			return [];
		}
		left = kept;
	}

	return [];
}

async function runNft(texts: readonly string[]): Promise<Failure | undefined> {
	const {status, said} = await run('nft', ['-f', '-'], `${texts.join('\n')}\n`);

	return status === 0 ? undefined : failureAt(said, /^[^\s:]+:(\d+):\d+/gm, 1);
}

/** One restore for each table: a transaction is of one alone. */
async function applyTables(tool: Tool, commands: readonly Command[]): Promise<Command[]> {
	const tableOf = ({text}: Command) => /^-t (\S+) /.exec(text)?.[1] ?? 'filter';
	const applied: Command[] = [];

	for (const table of new Set(commands.map(tableOf))) {
		const those = commands.filter(command => tableOf(command) === table);
		applied.push(...(await repeat(those, texts => restore(tool, table, texts))));
	}

	return applied;
}

async function restore(
	tool: Tool,
	table: string,
	texts: readonly string[],
): Promise<Failure | undefined> {
	const lines = texts.map(text => text.replace(/^-t \S+ /, ''));
	const input = [`*${table}`, ...lines, tool === 'ebtables' ? '' : 'COMMIT', ''].join('\n');
	const {status, said} = await run(`${tool}-nft-restore`, ['--noflush'], input);

	return status === 0 ? undefined : failureAt(said, /line:? (\d+)/g, 2);
}

function failureAt(said: string, pattern: RegExp, first: number): Failure {
	return {indices: new Set([...said.matchAll(pattern)].map(([, line]) => Number(line) - first))};
}
