// SPDX-License-Identifier: MIT
import type {Guest} from '../../lab/guest.ts';
import {unexpected} from '../parse.ts';
import type {Work} from '../work.ts';

const less = (name: string) =>
	({
		...{name, unit: 'CPU ms/s', scatters: 'a minute has one look more or less'},
		better: 'less',
	}) as const;

const seconds = 60;

// Every thread counts, since Node has several. Daemons that rested have a look to make up for.
const command = `times() { cat /proc/$(cat /run/coloop/pid)/task/*/schedstat; }
	sleep 2; times; echo; sleep ${seconds}; times`;

/**
 * What a daemon takes of its machine when nothing happens. Rows run without it; this is what they
 * leave out.
 */
export const looks: Work = {
	headings: [less('looks_guest'), less('looks_dom0')],
	arms: ['channel'],
	take: async stage => {
		await stage.wake();
		const {dom0, a, b} = stage.lab;
		const [ofDom0 = NaN, ...ofGuests] = await Promise.all([dom0, a, b].map(timeOf));
		const sum = ofGuests.reduce((some, more) => some + more, 0);

		return [{value: sum / ofGuests.length}, {value: ofDom0}];
	},
};

async function timeOf(machine: Guest): Promise<number> {
	const {stdout} = await machine.run(command, {silent: true, timeout: 300_000});

	return parseTimes(stdout) / seconds;
}

/** The milliseconds between two looks at the threads of a process, as schedstat counts them. */
export function parseTimes(stdout: string): number {
	const sums = stdout
		.trim()
		.split('\n\n')
		.map(threads =>
			threads
				.split('\n')
				.map(line => Number(line.split(' ')[0]))
				.reduce((sum, ns) => sum + ns, 0),
		);
	const [before = NaN, after = NaN] = sums;
	if (!(after >= before)) {
		throw unexpected('the times of threads twice', stdout);
	}

	return (after - before) / 1e6;
}
