// SPDX-License-Identifier: MIT
import type {Channel} from '../../kernel/kernel.ts';

/** The sizes that policy leaves to us, as orders: a ring has 4096 << order bytes. */
export type Range = {readonly least: number; readonly most: number};

/** What one look at a live channel shows; counters are of its life, which `since` names. */
type Seen = Pick<Channel, 'since' | 'order' | 'txBytes' | 'backlogged'>;

/** The size that each of a channel's rings ought to have, and what tells when that changes. */
export type Size = {
	readonly order: number;
	readonly seen: Seen;
	/** In how many looks without a break packets have waited for room. */
	readonly full: number;
	/** The last look at which the smallest ring might have been found full. */
	readonly busyAt: number;
	readonly grownAt: number;
};

/*
 * One full look may be a burst that is over. Rings grow to the limit at once: each reconnect costs
 * a stream about a second's worth (test/bench/README.md), and who fills 32 pages fills 128.
 */
const fullLooks = 2;

/*
 * How long a large ring waits for what it was made for, and how long one that could not be had is
 * not asked for again. So there are at most two changes in this time; a stream that comes back every
 * few minutes finds its large ring.
 */
const patience = 600_000;

/** A look at a live channel; an order other than the channel's own is one that it should get. */
export function look(before: Size | undefined, seen: Seen, range: Range, now: number): Size {
	const last = before?.seen.since === seen.since ? before : undefined;
	/* Only a change of policy puts a channel outside of its range. */
	const order = within(last?.order ?? seen.order ?? range.least, range);
	const sent = seen.txBytes - (last?.seen.txBytes ?? 0n);
	const hasWaited = seen.backlogged > (last?.seen.backlogged ?? 0n);
	const isBusy = before === undefined || hasWaited || mightFill(sent, range);
	const size: Size = {
		order,
		seen,
		full: hasWaited ? (last?.full ?? 0) + 1 : 0,
		busyAt: isBusy ? now : before.busyAt,
		grownAt: before?.grownAt ?? -Infinity,
	};
	if (size.full >= fullLooks && mayGrow(size, range, now)) {
		return {...size, order: range.most, grownAt: now};
	}

	return isQuiet(size, now) ? {...size, order: Math.min(order, range.least)} : size;
}

/**
 * What the next channel begins with: a quiet one with least, in between as the last one was. One
 * that has not come up since it was to grow is tried small: there may have been no memory for more.
 * What failed before then says nothing of that.
 */
export function orderFor(
	size: Size | undefined,
	range: Range,
	missedAt: number | undefined,
	now: number,
): number {
	if (size === undefined || isQuiet(size, now)) {
		return range.least;
	}
	if (missedAt !== undefined && missedAt >= size.grownAt) {
		return range.least;
	}

	return within(size.order, range);
}

export function within(order: number, {least, most}: Range): number {
	return Math.min(most, Math.max(least, order));
}

/** One more look like the last, and the ring grows. */
export function isFilling(size: Size, range: Range, now: number): boolean {
	return size.full > 0 && mayGrow(size, range, now);
}

/** Where that answers no, a ring that is found full changes nothing. */
export function mayGrow({order, grownAt}: Size, {most}: Range, now: number): boolean {
	return order < most && now - grownAt >= patience;
}

function isQuiet({busyAt}: Size, now: number): boolean {
	return now - busyAt >= patience;
}

/** Less cannot fill the smallest ring, even if it came all at once: records at most double it. */
function mightFill(sent: bigint, {least}: Range): boolean {
	return 2n * sent > BigInt(4096 << least);
}
