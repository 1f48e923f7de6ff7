// SPDX-License-Identifier: MIT
//
// Pairs are counted by state without being judged: as if they were.
import test from 'ava';
import {stateOf} from '../../../../userland/daemon/status/pair-state.ts';

const offer = (epoch: number, state: 'offered' | 'live' | 'closed') => ({
	...{epoch, state, version: 1, controlRef: 1, eventPort: 1},
});
const policy = {code: 'policy', detail: undefined} as const;
const rules = {code: 'rules', detail: 'qdisc'} as const;

test('of a pair that dom0 allows', t => {
	const silent = [undefined, undefined] as const;
	const live = [offer(3, 'live'), offer(3, 'live')] as const;
	const state = (negotiation: Partial<Parameters<typeof stateOf>[0]>) =>
		stateOf({epoch: 3, offers: silent, declined: silent, ...negotiation});
	t.is(state({}), 'ready');
	t.is(state({offers: [offer(3, 'offered'), undefined]}), 'offered');
	t.is(state({offers: [offer(2, 'live'), offer(2, 'live')]}), 'ready');
	t.is(state({offers: live}), 'live');
	t.is(state({offers: [offer(3, 'live'), offer(3, 'closed')]}), 'closed');
	t.is(state({declined: [policy, undefined]}), 'refused');
	t.is(
		state({declined: [undefined, policy], offers: [offer(3, 'offered'), undefined]}),
		'refused',
	);
	t.is(state({declined: [policy, undefined], offers: live}), 'live');
	t.is(state({declined: [undefined, rules], offers: live}), 'live');
	t.is(state({declined: [undefined, rules]}), 'ready');
});
