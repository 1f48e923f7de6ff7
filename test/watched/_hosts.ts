// SPDX-License-Identifier: MIT
import type {PairStatus, Status} from '../../userland/control/protocol.ts';
import {ColoopError} from '../../userland/errors.ts';
import {createStage} from '../unit/daemon/_stage.ts';
import {showDaemon, showHost, type Shown, type ShownHost} from './_host.ts';

/**
 * Guests a to d; d is on another bridge than the others, a and b have a live channel, and a rule of dom0 keeps
 * a and c apart. `name`: of b, instead of b.
 */
export function smallHost(name?: string): Promise<ShownHost> {
	const stage = createStage();

	return showHost(stage, async () => {
		for (let domid = 1; domid <= 4; domid++) {
			await stage.create(domid);
		}
		if (name !== undefined) {
			await stage.xen.write('/local/domain/2/name', name);
		}
		stage.bridge(4, 'xenbr1');
		stage.rules.set('vif1.0,vif3.0', 'iptables: FORWARD 3: DROP');
		const daemon = stage.start(0);
		for (let domid = 1; domid <= 4; domid++) {
			stage.start(domid);
		}
		await stage.connect(1, 2);
		await stage.clock.advance(6000);

		return daemon;
	});
}

/** So many guests of which pairs have live channels; all others are refused. */
export function busyHost(guests: number, live: number): Promise<Shown> {
	const domains = Array.from({length: guests}, (_, domid) => ({
		...{domid, name: domid === 0 ? 'Domain-0' : `guest-${domid}`},
		bridges: [`xenbr${domid % 3}`],
	}));
	const all = domains.flatMap((a, index) => domains.slice(index + 1).map(b => ({a, b})));
	const status: Status = {
		...{...empty, domains},
		pairs: all.slice(0, live).map(({a, b}) => livePair(a, b)),
		pairs_left: {open: 0, refused: all.length - live},
	};

	return showDaemon(async () => ({ok: true, status}));
}

/** A guest without peers, whose daemon answers while it is there. */
export function answering(isThere: () => boolean): Promise<Shown> {
	return showDaemon(async () => {
		if (!isThere()) {
			throw new ColoopError('STORE', 'XenStore hung up');
		}

		return {ok: true, status: empty};
	});
}

const empty: Status = {
	...{version: '0.1.0', roles: ['endpoint'], domid: 0, module_loaded: true, module: null},
	...{policy_directory: null, policy_errors: [], problems: [], peers: [], pairs: null},
};

type End = {readonly name: string; readonly domid: number};

function livePair(a: End, b: End): PairStatus {
	return {
		a: {name: a.name, domid: a.domid},
		b: {name: b.name, domid: b.domid},
		...{state: 'live', code: null, reason: null, since: 1, epoch: 1, rule: null},
		...{a_declines: null, b_declines: null, links: []},
		...{a_to_b_packets: 1, a_to_b_bytes: 100, b_to_a_packets: 1, b_to_a_bytes: 100},
	};
}
