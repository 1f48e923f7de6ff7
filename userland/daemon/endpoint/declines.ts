// SPDX-License-Identifier: MIT
import type {LinkState, Peer} from '../../kernel/kernel.ts';
import {renderDeclined, type Declined} from '../../xenstore/declined.ts';
import type {Detour} from './detours.ts';
import type {Known, EndpointStep} from './steps.ts';
import type {DesiredPeer} from './desired.ts';

export type Reasons = {
	readonly detour: (domid: number) => Detour | undefined;
	/** The last try failed for want of memory or grants, and the next one waits. */
	readonly isShort: (domid: number) => boolean;
};

/** Which of the announced peers we keep to the ordinary path, and why. */
export function declinesOf(
	known: Known,
	desiredPeers: readonly DesiredPeer[],
	reasons: Reasons,
): Map<number, Declined> {
	const declines = desiredPeers.map(desired => {
		const peer = known.kernel?.get(desired.config.domid);

		return [desired.config.domid, declinedFor(desired, peer, reasons)] as const;
	});

	return new Map(declines.flatMap(([domid, why]) => (why ? [[domid, why] as const] : [])));
}

/** The first link that may not receive: the module lets no channel be then. */
export function blockedLink({links}: Pick<Peer, 'links'>): LinkState | undefined {
	return links.find(({blocked}) => blocked !== undefined);
}

/** Says what is new, takes back what is over. Touches nothing. */
export function planDeclines(
	known: Known,
	declines: ReadonlyMap<number, Declined>,
): EndpointStep[] {
	const {kernel, declined} = known;
	/* Where dom0 sees no directory, it asks for nothing in it.  Without a module we decline nobody. */
	if (kernel === undefined || declines.size === 0) {
		return declined === undefined ? [] : [{kind: 'accept-all'}];
	}
	const over = [...(declined?.keys() ?? [])].filter(domid => !declines.has(domid));
	const isWritten = (domid: number, value: Declined) => {
		const written = declined?.get(domid);

		return written !== undefined && renderDeclined(written) === renderDeclined(value);
	};

	return [
		...over.map(domid => ({kind: 'accept', domid}) as const),
		...[...declines]
			.filter(([domid, value]) => !isWritten(domid, value))
			.map(([domid, value]) => ({kind: 'decline', domid, value}) as const),
	];
}

function declinedFor(
	{refusal, config, isOwnAudit}: DesiredPeer,
	peer: Peer | undefined,
	{detour, isShort}: Reasons,
): Declined | undefined {
	const {domid, epoch} = config;
	/* Who would read it is what we miss. */
	if (refusal?.code === 'host-silent') {
		return undefined;
	}
	if (refusal) {
		return {code: refusal.code, detail: refusal.detail};
	}
	if (isOwnAudit) {
		return {code: 'policy', detail: 'audit'};
	}
	const blocked = peer?.epoch === epoch ? blockedLink(peer)?.blocked : undefined;
	if (blocked !== undefined) {
		return {code: 'device', detail: blocked};
	}
	if (isShort(domid)) {
		return {code: 'memory', detail: undefined};
	}
	const rule = detour(domid);

	return rule && {code: 'rules', detail: rule.reason};
}
