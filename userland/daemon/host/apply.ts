// SPDX-License-Identifier: MIT
import {pathsOf, domainPath} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import type {Log} from '../log.ts';
import {renderDeclined} from '../../xenstore/declined.ts';
import {renderAnnouncement, renderOffer} from '../../xenstore/values.ts';
import type {Step} from './plan.ts';

/** Does what was planned, in order. Answers the domids whose trees it wrote to. */
export async function apply(
	steps: readonly Step[],
	{store, host, log}: {store: Store; host: string; log: Log},
): Promise<Set<number>> {
	const touched = new Set<number>();
	for (const step of steps) {
		touched.add(await act(step, store, host));
		report(step, log);
	}
	return touched;
}

async function act(step: Step, store: Store, host: string): Promise<number> {
	switch (step.kind) {
		case 'prepare':
			await prepare(store, step.domid, host);
			return step.domid;
		case 'announce': {
			const path = `${pathsOf(step.to).peers}/${step.peer}`;
			await store.write(path, renderAnnouncement(step.value));
			return step.to;
		}
		case 'withdraw':
			await store.remove(`${pathsOf(step.from).relayed}/${step.peer}`);
			await store.remove(`${pathsOf(step.from).declinedBy}/${step.peer}`);
			await store.remove(`${pathsOf(step.from).peers}/${step.peer}`);
			return step.from;
		case 'relay':
			await store.write(`${pathsOf(step.to).relayed}/${step.from}`, renderOffer(step.value));
			return step.to;
		case 'unrelay':
			await store.remove(`${pathsOf(step.to).relayed}/${step.from}`);
			return step.to;
		case 'decline':
			await passOnDecline(step, store);
			return step.to;
		case 'sweep':
			await store.remove(domainPath(step.domid));
			return step.domid;
	}
}

async function passOnDecline(
	{to, from, value}: Extract<Step, {kind: 'decline'}>,
	store: Store,
): Promise<void> {
	const path = `${pathsOf(to).declinedBy}/${from}`;
	if (value === undefined) await store.remove(path);
	else await store.write(path, renderDeclined(value));
}

/*
 * Children take their parent's permissions when they are made: the subtree gets its own before
 * there is any value in it, and `host` is written last so that it proves the rest.
 */
async function prepare(store: Store, domid: number, host: string): Promise<void> {
	const {told, host: path} = pathsOf(domid);
	await store.mkdir(told);
	await store.setPermissions(told, [
		{domid: 0, access: 'none'},
		...(domid === 0 ? [] : [{domid, access: 'read'} as const]),
	]);
	await store.write(path, host);
}

const events = {
	prepare: 'domain.prepared',
	announce: 'peer.announced',
	withdraw: 'peer.withdrawn',
	relay: 'offer.relayed',
	unrelay: 'offer.removed',
	decline: 'decline.relayed',
	sweep: 'domain.swept',
} as const;

function report(step: Step, log: Log): void {
	const level = step.kind === 'relay' || step.kind === 'unrelay' ? 'debug' : 'info';
	switch (step.kind) {
		case 'announce':
			log[level](events.announce, {
				domid: step.to,
				peer: step.value.name,
				peer_domid: step.peer,
				epoch: step.value.epoch,
			});
			return;
		case 'withdraw':
			log[level](events.withdraw, {domid: step.from, peer_domid: step.peer});
			return;
		case 'relay':
			log[level](events.relay, {
				domid: step.to,
				from: step.from,
				epoch: step.value.epoch,
				state: step.value.state,
			});
			return;
		case 'decline':
			log[level](events.decline, {domid: step.to, from: step.from, code: step.value?.code});
			return;
		case 'unrelay':
			log[level](events.unrelay, {domid: step.to, from: step.from});
			return;
		default:
			log[level](events[step.kind], {domid: step.domid});
	}
}
