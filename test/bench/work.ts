// SPDX-License-Identifier: MIT
import {measure} from './measure.ts';
import type {Figure} from './parse.ts';
import {networks, type Arm, type Heading, type Network, type Row} from './row.ts';
import type {Stage} from './stage.ts';

/** What takes time in one go, and gives one figure or several. */
export type Work = {
	readonly headings: readonly Heading[];
	/** The program that gives the figure, if it is one alone. */
	readonly row?: Row;
	/** The arms that have such a figure. */
	readonly arms: readonly Network[];
	/** Whose figures they are, if not the arm's. */
	readonly column?: Arm;
	/** A figure for each heading. Says itself whether the daemons rest meanwhile. */
	readonly take: (stage: Stage, arm: Network) => Promise<readonly Figure[]>;
};

export function workOf(row: Row): Work {
	return {
		headings: [row],
		row,
		arms: networks,
		take: async (stage, arm) => {
			await stage.rest();

			return [await measure(row, arm, stage.place(arm))];
		},
	};
}

/** Between guests alone, where a guest by itself has no such way. */
export function workBetween(row: Row): Work {
	return {...workOf(row), arms: ['netfront', 'channel']};
}
