// SPDX-License-Identifier: MIT
import * as z from 'zod';

/** What inside/fail-nth.ts is asked for and answers. */
const offer = z.object({controlRef: z.number(), eventPort: z.number()});

const order = z.object({
	step: z.enum(['read', 'peer-new', 'peer-set', 'offer', 'attach', 'close', 'peer-del']),
	domid: z.number(),
	link: z.object({ifindex: z.number(), localMac: z.string(), remoteMac: z.string()}),
	listen: z.boolean(),
	/** The peer's, to attach to. */
	offer,
});

const refused = z.object({
	nth: z.number(),
	error: z.string(),
	/** What the module holds, where that has changed. */
	left: z.string().optional(),
});

const outcome = z.object({
	refused: z.array(refused),
	/** How often the step was done although an allocation had been refused. */
	tolerated: z.number(),
	offer: offer.optional(),
});

export type Order = z.infer<typeof order>;
export type Refused = z.infer<typeof refused>;
export type Outcome = z.infer<typeof outcome>;

export function parseOrder(line: string): Order {
	return order.parse(JSON.parse(line));
}

export function parseOutcome(line: string): Outcome {
	return outcome.parse(JSON.parse(line));
}
