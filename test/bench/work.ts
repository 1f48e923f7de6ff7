// SPDX-License-Identifier: MIT
import {measure} from './measure.ts';
import type {Figure} from './parse.ts';
import {arms, type Arm, type Heading, type Row} from './row.ts';
import type {Stage} from './stage.ts';

/** What takes time in one go, and gives one figure or several. */
export type Work = {
	readonly headings: readonly Heading[];
	/** The program that gives the figure, if it is one alone. */
	readonly row?: Row;
	/** The arms that have such a figure. */
	readonly arms: readonly Arm[];
	/** A figure for each heading. */
	readonly take: (stage: Stage, arm: Arm) => Promise<readonly Figure[]>;
};

export function workOf(row: Row): Work {
	return {
		headings: [row],
		row,
		arms,
		take: async (stage, arm) => [await measure(row, arm, stage.place(arm))],
	};
}
