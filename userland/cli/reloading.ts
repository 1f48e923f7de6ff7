// SPDX-License-Identifier: MIT
import type {Shell} from './command.ts';

/** `module reload`. */
export function addModule({program, console}: Shell): void {
	program
		.command('module')
		.description('the kernel module')
		.command('reload')
		.description('replace the module that is loaded by the one that is installed')
		.option('-f, --force', 'also where they are the same')
		.addHelpText(
			'after',
			'\nChannels end first, without loss, and come back with the next packets; until then these take the\nordinary path. Upgrading the packages never does this by itself.',
		)
		.action(async (options: {force?: true}) => {
			const {reloadModule} = await import('./module.ts');
			(await reloadModule({isForced: options.force === true})).forEach(console.out);
		});
}
