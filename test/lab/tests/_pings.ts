// SPDX-License-Identifier: MIT
import type {ExecutionContext} from 'ava';
import {diverted} from '../channel.ts';
import type {Guest} from '../guest.ts';

const slow = {timeout: 600_000};

/** How many packets were diverted while all of the pings, which `where` has ping send, were answered. */
export async function pings(
	t: ExecutionContext,
	where: Guest,
	to: string,
	inside = '',
): Promise<number> {
	const before = await diverted(where);
	const {stdout} = await where.run(`${inside} ping -q -c 10 -i 0.2 -W 5 ${to}`, slow);
	t.regex(stdout, / 0% packet loss/, `${where.name}: ${inside} ping ${to}`);

	return (await diverted(where)) - before;
}

/** Gives a device the addresses of the guest with this number. */
export const addressesOf = (number: number, device: string) =>
	`ip addr replace 10.0.0.${number}/24 dev ${device}
	ip -6 addr replace fd00::${number}/64 dev ${device} nodad`;
