// SPDX-License-Identifier: MIT
import {defaultSocket} from '../control/socket.ts';
import type {Section} from '../manual/man.ts';

/** What the manual of `coloopd` says beside its options. */
export const coloopdSections: readonly Section[] = [
	{
		title: 'Signals',
		table: [
			['SIGHUP', 'reads the policy again'],
			[
				'SIGTERM, SIGINT',
				'end the daemon and leave everything as it is: live channels do not need it. `coloopd --withdraw` takes all back',
			],
		],
	},
	{
		title: 'Exit status',
		table: [
			['0', 'told to end'],
			['1', 'failed'],
			['2', 'misused, or another coloopd runs'],
			['3', 'no XenStore here'],
		],
	},
	{
		title: 'Files',
		table: [
			[defaultSocket, 'where `coloop` asks'],
			[
				'/var/lib/coloop/held.json',
				'what was taken down with `coloop down`, until `coloop up`',
			],
			['/etc/coloop/policy.d', 'the policy, see coloop-policy(5)'],
			['/etc/coloop/fleet.yaml', 'which etcd has policy too'],
			['/var/lib/coloop/fleet.json', 'the last good of that, for when it is away'],
		],
	},
	{
		title: 'Log',
		text: 'One JSON object a line on standard error: `time`, `level`, `event`, which is a verb in the past tense, and what it is about. Under systemd each line begins with its priority as sd-daemon(3) says, so that `journalctl -p warning -u coloopd` finds it. A warning or an error that comes again and again is written ever more rarely, at most once an hour in the end, and then says in `repeated` how often it was left out.',
	},
	{title: 'See also', text: 'coloop(8), coloop-policy(5), systemd.service(5)'},
];
