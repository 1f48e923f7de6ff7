// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';
import type {PeerSelectors} from '../../kernel/kernel.ts';
import {compileSelection} from '../../policy/selectors.ts';
import type {AcceptRule} from '../../policy/types.ts';
import type {Selector} from '../../selectors.ts';
import type {Announcement} from '../../xenstore/announcement.ts';

/** What a packet has to pass to be diverted: dom0's word and our own policy's. Undefined: nothing. */
export function selectorsFor(
	{only = [], except = []}: Announcement,
	rule: AcceptRule | undefined,
): PeerSelectors | undefined {
	const own = rule && compileSelection(rule);
	const named = (list: PeerSelectors['list'][number]['list'], selectors: readonly Selector[]) =>
		selectors.map(selector => ({list, selector}));
	const list = [
		...named('only', only),
		...named('and-only', own?.only ?? []),
		...named('except', [...except, ...(own?.except ?? [])]),
	];

	return list.length === 0 ? undefined : {id: idOf(list), list};
}

/** The same number for the same selectors, never 0. */
function idOf(list: PeerSelectors['list']): number {
	const digest = createHash('sha256').update(JSON.stringify(list)).digest();

	return digest.readUInt32LE(0) || 1;
}
