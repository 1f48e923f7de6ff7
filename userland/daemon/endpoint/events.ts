// SPDX-License-Identifier: MIT
import type {KernelEvent} from '../../kernel/kernel.ts';
import type {Log} from '../log.ts';

/** What the module told, as a line of the log. */
export function report(event: KernelEvent, log: Log): void {
	if (event.kind === 'channel') {
		const {name, domid, epoch, channel} = event.peer;
		const {state, reason, detail} = channel ?? {state: 'closed', reason: 'none', detail: 0};
		const verb = state === 'live' ? 'channel.opened' : `channel.${state}`;
		const level = state === 'broken' || state === 'stalled' ? 'warn' : 'info';
		log[level](verb, {peer: name, domid, epoch, reason, detail});

		return;
	}
	const peer = event.kind === 'want' ? {peer: event.peer.name, domid: event.peer.domid} : {};
	log.debug(`kernel.${event.kind}`, peer);
}
