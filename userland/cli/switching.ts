// SPDX-License-Identifier: MIT
import {namesOf, parseSeconds, type Shell} from './command.ts';

/** `up`, `down`. */
export function addSwitching({program, console, socket}: Shell): void {
	program
		.command('up')
		.arguments('<peer> [other]')
		.description('open a channel now; in dom0 two names let a held pair come up')
		.option('-t, --timeout <seconds>', 'how long to wait for it', parseSeconds, 10)
		.action(async (peer: string, other: string | undefined, options: {timeout: number}) => {
			const {up} = await import('./switch.ts');
			console.out(await up(socket(), namesOf(peer, other), options.timeout));
		});
	program
		.command('down')
		.arguments('<peer> [other]')
		.description('end a channel and keep it down until `coloop up`')
		.action(async (peer: string, other: string | undefined) => {
			const {down} = await import('./switch.ts');
			console.out(await down(socket(), namesOf(peer, other)));
		});
}
