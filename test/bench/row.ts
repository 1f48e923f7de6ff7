// SPDX-License-Identifier: MIT
import type {Parse} from './parse.ts';

/** The three ways from a program to its server; the last is what no network could beat. */
export const networks = ['netfront', 'channel', 'loopback'] as const;

/** And libvchan: memory shared without any network, for programs written for it. */
export const arms = [...networks, 'vchan'] as const;

export type Network = (typeof networks)[number];
export type Arm = (typeof arms)[number];

/** What a figure is called, and how figures of the arms compare. */
export type Heading = {
	readonly name: string;
	readonly unit: string;
	readonly better: 'less' | 'more';
	/** What the channel must win by. */
	readonly bound?: number;
	/** Whether a lost datagram on the channel breaks the bound too. */
	readonly lossless?: true;
	/** What is not to happen at all: the worst round counts, not the median. */
	readonly worst?: true;
	/** Why rounds, or runs, lie further apart than those of other rows. */
	readonly scatters?: string;
};

/** One thing to measure: an unmodified program, and what to read in its output. */
export type Row = Heading & {
	/** The command line, given the address of the server; it may do its work several times. */
	readonly program: (address: string, times?: number) => string;
	readonly parse: Parse;
	/** What has to take the ordinary path though there is a channel. */
	readonly undiverted?: true;
};
