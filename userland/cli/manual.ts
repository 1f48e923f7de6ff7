// SPDX-License-Identifier: MIT
import {defaultSocket} from '../control/socket.ts';
import {errorCodes} from '../errors.ts';
import type {Section} from '../manual/man.ts';
import {checks} from './doctor/doctor.ts';
import {columns} from './dump.ts';
import {pieces} from './sysdump-pieces.ts';

/** What the manual of `coloop` says beside its commands. */
export const coloopSections: readonly Section[] = [
	{
		title: 'Columns of dump',
		table: columns.map(({name, says}, index) => [`${index + 1} ${name}`, says] as const),
	},
	{
		title: 'What doctor looks at',
		table: checks.map(({name, reads}) => [name, reads] as const),
	},
	{
		title: 'What is in a sysdump',
		table: pieces.map(
			({file, says, isPrivate}) =>
				[file, isPrivate ? `${says}, only with --all` : says] as const,
		),
	},
	{
		title: 'JSON',
		text: 'With `-j` a command prints one object, or one a line where they never end. `schema` is the number of its form: keys are added under the same number, and none is removed or changes its meaning. `version` is that of the program that told it. Times are seconds since 1970, sizes bytes, and null stands for what there is not.',
	},
	{title: 'Exit status', table: exitStatuses()},
	{
		title: 'Files',
		table: [
			[defaultSocket, 'where coloopd answers; for root only'],
			['/etc/coloop/policy.d', 'the policy, see coloop-policy(5)'],
			['/etc/coloop/fleet.yaml', 'which etcd has policy too'],
		],
	},
	{
		title: 'Examples',
		lines: [
			'$ coloop                      who our peers are, and which of them have a channel',
			'$ coloop show db-1            everything about one peer',
			'$ coloop dump | awk -F "\\t" \'$6 == "live" {print $2}\'',
		],
	},
	{title: 'See also', text: 'coloopd(8), coloop-policy(5), xl(1), ip(8), nft(8)'},
];

/** By number, with what ends so. */
function exitStatuses(): Array<readonly [string, string]> {
	const meanings = new Map<number, string[]>([[0, ['done']]]);
	for (const {exit, meaning} of Object.values(errorCodes)) {
		meanings.set(exit, [...(meanings.get(exit) ?? []), meaning]);
	}

	return [...meanings]
		.sort(([a], [b]) => a - b)
		.map(([exit, texts]) => [String(exit), texts.join('; ')] as const);
}
