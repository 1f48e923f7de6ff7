// SPDX-License-Identifier: MIT
import {z} from 'zod';

/** By which of the two ways packets went. */
export const ways = ['channel', 'netfront'] as const;

export type Way = (typeof ways)[number];

const guest = z.object({
	packets: z.array(z.string()),
	forms: z.array(z.string()),
	counters: z.record(z.string(), z.number()),
	/** Counters that packets moved which are not compared, by the beginnings of their names. */
	blurred: z.array(z.string()),
	/** Packets that went into the channel and came out of it: coloop0's own counters. */
	diverted: z.tuple([z.number(), z.number()]),
});

const sighting = z.object({
	case: z.string(),
	subject: z.string(),
	/** Why packets of this case take the ordinary path by design. */
	ordinary: z.union([z.string(), z.literal(false)]),
	seconds: z.number(),
	outcome: z.enum(['ran', 'failed', 'not here']),
	why: z.string().optional(),
	trace: z.string().optional(),
	told: z.unknown().optional(),
	a: guest,
	b: guest,
	/** What could not be taken back. */
	untidy: z.array(z.string()),
});

/** What a case saw by one way: a line of inside/drive.py. */
export type Sighting = z.infer<typeof sighting>;

export function parseSighting(line: string): Sighting {
	return sighting.parse(JSON.parse(line));
}
