// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';
import {median} from './parse.ts';

// No time passes that nobody needs: each request goes out when the answer to the last one is
// there, so the clock counts instructions, 2 ns each.
const nsPerInstruction = 2;
const rounds = 3;

/** Instructions for each packet of a flood of requests and answers, of all domains together. */
export async function perPacket(guest: Guest, to: string, roundTrips = 2000): Promise<number> {
	const flood = `from=$(date +%s%N) && ping -q -f -c ${roundTrips} ${to} >/dev/null &&
	echo $(($(date +%s%N) - from))`;
	const {stdout} = await guest.run(`for round in $(seq ${rounds}); do ${flood}; done`, {
		timeout: 240_000,
	});
	const times = stdout.trim().split('\n').map(Number);
	if (times.length !== rounds || !times.every(ns => ns > 0)) {
		throw new Error(`expected ${rounds} times, got:\n${stdout}`);
	}

	return median(times) / nsPerInstruction / (2 * roundTrips);
}
