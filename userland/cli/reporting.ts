// SPDX-License-Identifier: MIT
import type {Shell} from './command.ts';

/** `sysdump`. */
export function addReporting({program, console, socket}: Shell): void {
	program
		.command('sysdump')
		.summary('an archive for a bug report, without names')
		.description(
			'Writes an archive for a bug report, which only its owner can read: versions, log, status, events, the rules of this domain as far as they decide, the nodes of ours in XenStore, counters. Names of domains and of the machine, UUIDs, Ethernet and IP addresses are replaced by pseudonyms, the same in every archive of one machine, and the policy is left out.',
		)
		.option('-o, --output <file>', 'where to; a file that is there is refused')
		.option('-a, --all', 'with names and addresses as they are, and the policy')
		.option('-j, --json', 'the name of the archive and what is in it, for programs')
		.action(async (options: {output?: string; all?: true; json?: true}) => {
			const {sysdump} = await import('./sysdump.ts');
			const {moment} = await import('./units.ts');
			const now = console.now();
			const time = moment(now).replace(/[-:]/g, '').replace(' ', '-');
			const file = options.output ?? `coloop-sysdump-${time}.tar.gz`;
			const system = console.system ?? (await import('./system.ts')).realSystem;
			const dumped = await sysdump(
				socket(),
				{file, isAll: options.all ?? false, now},
				system,
			);
			if (options.json) {
				const {ownJson} = await import('./json.ts');
				console.out(ownJson(dumped));
			} else {
				console.out(dumped.file);
			}
			if (options.all) {
				console.err(
					'coloop: it has names and addresses as they are: look before you send it',
				);
			}
		});
}
