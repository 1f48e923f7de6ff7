// SPDX-License-Identifier: MIT
import type {AcceptRule, Verdict} from '../../policy/types.ts';
import {ruleName} from '../../policy/rule-name.ts';
import type {Announcement} from '../../xenstore/announcement.ts';
import {ordinaryText} from '../ordinary.ts';
import type {Refusal} from '../refusal.ts';

export type Reasons = {
	readonly isHeld: (name: string) => boolean;
	/** Why nobody may have a channel with us now. */
	readonly unheard?: Refusal | undefined;
	/** Why nobody may whom dom0 lets send less than everything. */
	readonly unenforced?: Refusal | undefined;
	/** The numbers of our vifs, whose devices may be in other network namespaces. */
	readonly vifs: ReadonlySet<string>;
	/** The module diverts what selectors say; another would divert everything. */
	readonly takesSelectors: boolean;
};

/** What was found of an announced peer. */
type Found = {
	readonly verdict: Verdict<AcceptRule>;
	/** How many of its links have a device of ours. */
	readonly links: number;
	readonly hasSelectors: boolean;
};

/** Why we have no channel with it; undefined where nothing keeps us. */
export function refuse(
	{name, links, limits}: Announcement,
	{verdict, links: found, hasSelectors}: Found,
	{isHeld, unheard, unenforced, vifs, takesSelectors}: Reasons,
): Refusal | undefined {
	if (isHeld(name)) {
		return {code: 'held', reason: `taken down by \`coloop down ${name}\``};
	}
	if (verdict.action === 'deny') {
		const by = ruleName(verdict.rule);
		const reason = by === undefined ? 'no rule of our policy accepts it' : `denied by ${by}`;

		return {code: 'policy', reason};
	}
	if (unheard !== undefined) {
		return unheard;
	}
	if (limits !== undefined && unenforced !== undefined) {
		return unenforced;
	}
	if (hasSelectors && !takesSelectors) {
		const reason =
			'the loaded module is older than only and except, and would divert everything: load the new one';

		return {code: 'version', detail: 'module', reason};
	}

	return found > 0 ? undefined : refuseDevice(links, vifs);
}

function refuseDevice(links: Announcement['links'], vifs: ReadonlySet<string>): Refusal {
	const away = links.find(({vif}) => vifs.has(vif));
	if (away !== undefined) {
		const device = `vif ${away.vif} (${away.localMac})`;

		return {code: 'device', detail: 'netns', reason: ordinaryText('netns', device)};
	}
	const mac = links[0]?.localMac ?? 'its address';
	const reason = `no interface in this network namespace has ${mac}`;

	return {code: 'device', reason};
}
