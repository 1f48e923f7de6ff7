// SPDX-License-Identifier: MIT
import type {Shell} from './command.ts';

/** `dump`. */
export function addWatching(shell: Shell): void {
	addDump(shell);
}

function addDump(shell: Shell): void {
	shell.program
		.command('dump')
		.description('one line a peer, in dom0 also a pair, between tabs, for scripts')
		.option('-a, --all', 'every pair of the host, also the refused ones')
		.option('-H, --header', 'the names of the columns first')
		.action(async (options: {all?: true; header?: true}) => {
			const {told} = await import('./told.ts');
			const {columns, dump} = await import('./dump.ts');
			const status = await told(shell, {peers: 'all', pairs: options.all ? 'all' : 'some'});
			const head = options.header ? [columns.map(({name}) => name).join('\t')] : [];
			[...head, ...dump(status)].forEach(shell.raw);
		});
}
