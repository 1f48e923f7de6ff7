// SPDX-License-Identifier: MIT
import type {Status} from '../control/protocol.ts';
import {duration} from './units.ts';

type State = NonNullable<Status['fleet']>;

/** As coloopd tells it; undefined where none answers, or it has none. */
export async function fleetOf(socket: string): Promise<State | undefined> {
	const {askStatus} = await import('../control/client.ts');
	const status = await askStatus(socket, {peers: 'none', pairs: 'none'}).catch(() => undefined);

	return status?.fleet;
}

/** In one line: what we have, from whom, and how old it may be. `now`: Unix seconds. */
export function fleetText(state: State, now: number): string {
	const {source, revision, documents, in_force: isInForce} = state;
	const what =
		revision === null
			? 'never read, so nothing is allowed'
			: `revision ${revision}, ${documents} document${documents === 1 ? '' : 's'}`;
	const force = revision === null || isInForce ? [] : ['not in force: the last good policy is'];

	return [`${source} ${what}`, ...force, hearing(state, now)].join(', ');
}

/** Whom we hear; else since when nobody, and why. */
function hearing({endpoint, confirmed, problem}: State, now: number): string {
	const age = confirmed === null ? '' : ` ${duration(now - confirmed)} ago`;
	if (endpoint !== null) {
		return `confirmed by ${endpoint}${age}`;
	}

	return `etcd is away${age === '' ? '' : `, last heard${age}`}: ${problem ?? 'no member has answered yet'}`;
}

/** The same over several lines. */
export function fleetBlock(state: State | undefined, now: number): string[] {
	if (!state) {
		return ['no fleet: /etc/coloop/fleet.yaml says which etcd has policy, where there is one'];
	}
	const {source, revision, token, documents, in_force: isInForce} = state;
	const rows: ReadonlyArray<readonly [string, string]> = [
		['source', source],
		['revision', revision === null ? 'never read' : `${revision}`],
		['token', token ?? '-'],
		['documents', `${documents}`],
		[
			'in force',
			isInForce ? 'yes' : revision === null ? 'nothing is allowed' : 'the last good',
		],
		['etcd', hearing(state, now)],
	];

	return rows.map(([name, text]) => `${`${name}:`.padEnd(11)} ${text}`);
}
