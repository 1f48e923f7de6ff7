// SPDX-License-Identifier: MIT
import type {KernelEvent, Peer} from '../kernel/kernel.ts';
import type {Metrics} from './metrics.ts';

/** What gives a lying peer away, of the spec's `reason`. */
const violations = ['bad-index', 'bad-record', 'bad-state', 'bad-frame'] as const;

/** Counts how channels come and go, by what the module tells. */
export class Lives {
	readonly #metrics: Metrics;
	readonly #now: () => number;
	readonly #opened: () => void;
	readonly #overrun: () => void;
	/** When the first packet asked for a channel that has not come yet, by domid. */
	readonly #wanted = new Map<number, number>();

	/** `now`: milliseconds that never jump. */
	constructor(metrics: Metrics, now: () => number) {
		this.#metrics = metrics;
		this.#now = now;
		this.#opened = metrics.counter('coloop_channels_opened_total');
		this.#overrun = metrics.counter('coloop_netlink_overruns_total');
		violations.forEach(kind => metrics.counter('coloop_protocol_errors_total', {kind}));
	}

	/** Forgets the peers that are gone. */
	update(peers: readonly Peer[]): void {
		const here = new Set(peers.map(({domid}) => domid));
		for (const domid of this.#wanted.keys()) {
			if (!here.has(domid)) {
				this.#wanted.delete(domid);
			}
		}
	}

	heard(event: KernelEvent): void {
		if (event.kind === 'want') {
			const {domid} = event.peer;
			this.#wanted.set(domid, this.#wanted.get(domid) ?? this.#now());
		} else if (event.kind === 'channel') {
			this.#changed(event.peer);
		} else if (event.kind === 'overrun') {
			this.#overrun();
		}
	}

	#changed({domid, channel}: Peer): void {
		const {state = 'closed', reason = 'none'} = channel ?? {};
		if (state === 'live') {
			this.#opened();
			this.#wentLive(domid);
		} else if (state === 'closed' || state === 'broken' || state === 'stalled') {
			this.#metrics.count('coloop_channels_ended_total', {state, reason});
			if (state === 'broken') {
				this.#metrics.count('coloop_protocol_errors_total', {kind: reason});
			}
		}
	}

	#wentLive(domid: number): void {
		const since = this.#wanted.get(domid);
		this.#wanted.delete(domid);
		if (since !== undefined) {
			const seconds = (this.#now() - since) / 1000;
			this.#metrics.observe('coloop_channel_setup_seconds', seconds);
		}
	}
}
