// SPDX-License-Identifier: MIT
import type {PeerEvent} from '../../control/protocol.ts';
import type {Fields} from '../log.ts';

/** What a line of the log means for a peer; nothing where it is no news for people. */
export type Happening = Omit<PeerEvent, 'time'>;

/** One pair, or one of our peers, as the lines so far have left it. */
export type Story = {
	isOpen: boolean;
	/** Why the channel is about to end, said before it has. */
	ending: string | undefined;
	/** What happened last, so that what is tried again is not news again. */
	last: string;
	/** Of the host: the ends that say that they are live, by domid, with the epoch. */
	readonly live: Map<number, number>;
};

export type Read = (fields: Fields) => Happening | undefined;

/** Of one of our peers by its domid, or of a pair of the host by both. */
export type StoryOf = (domid: number, other: number | null) => Story;
export type Named = (domid: number) => string;
