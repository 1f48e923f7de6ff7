// SPDX-License-Identifier: MIT
import {parseCount, parsePositive, type Shell} from './command.ts';

/** `dump`, `top`, `observe`. */
export function addWatching(shell: Shell): void {
	addDump(shell);
	addTop(shell);
	addObserve(shell);
}

function addDump(shell: Shell): void {
	shell.program
		.command('dump')
		.description('one line a peer, in dom0 also a pair, between tabs, for scripts')
		.option('-a, --all', 'every pair of the host, also the refused ones')
		.option('-H, --header', 'the names of the columns first')
		.action(async (options: {all?: true; header?: true}) => {
			const {readStatus} = await import('./read-status.ts');
			const {columns, dump} = await import('./dump.ts');
			const status = await readStatus(shell, {
				peers: 'all',
				pairs: options.all ? 'all' : 'some',
			});
			const head = options.header ? [columns.map(({name}) => name).join('\t')] : [];
			[...head, ...dump(status)].forEach(shell.raw);
		});
}

type TopOptions = {delay: number; iterations?: number; batch?: true; json?: boolean};

/** To the upper left corner, and nothing below it. */
const clearScreen = '\u001b[H\u001b[J';

function addTop({program, console, raw, socket}: Shell): void {
	program
		.command('top')
		.summary('what moves, look after look, the busiest first, until ^C')
		.description(
			'What moves over each channel, look after look, the busiest first, until `^C`. In dom0 of the pairs of the host, whose ends tell their counters every 30 s.',
		)
		.option('-d, --delay <seconds>', 'between two looks', parsePositive, 3)
		.option('-i, --iterations <count>', 'end after so many', parseCount)
		.option('-b, --batch', 'look below look, as where the output is no terminal')
		.option('-j, --json', 'one object a look, on one line')
		.action(async ({delay, iterations = Infinity, batch, json = false}: TopOptions) => {
			const {top} = await import('./top.ts');
			const clear = batch || !process.stdout.isTTY ? '' : clearScreen;
			const wanted = {seconds: delay, iterations, isJson: json, clear};
			const signal = console.signal ?? new AbortController().signal;
			await top(socket(), wanted, {...console, raw, signal});
		});
}

type ObserveOptions = {follow?: true; json?: true; last?: number};

function addObserve({program, console, socket}: Shell): void {
	program
		.command('observe')
		.argument('[peer]', 'only of this one, by name or domid')
		.summary('what happened to channels, and happens: opened, closed, refused ...')
		.description(
			'What happened to channels: `opened`, `closed`, `refused`, `fallen-back` (packets keep to the ordinary path), `broken` (the peer broke the protocol), with the reason. coloopd remembers the last 256.',
		)
		.option('-f, --follow', 'and go on as it happens, until ^C')
		.option('-n, --last <count>', 'only so many of those before', parseCount)
		.option('-j, --json', 'one object a line')
		.action(async (peer: string | undefined, options: ObserveOptions) => {
			const {printEvents} = await import('./observe.ts');
			const {follow = false, json: isJson = false, last} = options;
			const signal = console.signal ?? new AbortController().signal;
			await printEvents(socket(), {follow, isJson, last, peer}, {...console, signal});
		});
}
