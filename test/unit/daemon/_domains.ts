// SPDX-License-Identifier: MIT
import type {Bypassed} from '../../../userland/daemon/host/context.ts';
import type {Criteria} from '../../../userland/daemon/host/judge.ts';
import type {Topology} from '../../../userland/daemon/host/ports.ts';
import type {PairRule, Verdict} from '../../../userland/policy/types.ts';
import type {Domain} from '../../../userland/xenstore/discover.ts';

/** A guest with one vif on xenbr0, named by its domid: 1 is a, 2 is b. */
export function domain(domid: number, change: Partial<Domain> = {}): Domain {
	return {
		domid,
		name: domid === 0 ? 'Domain-0' : nameOf(domid),
		uuid: `uuid-${domid}`,
		vifs:
			domid === 0
				? []
				: [
						{
							handle: 0,
							mac: macOf(domid),
							device: `vif${domid}.0`,
							state: 4,
							hasXdp: false,
							rate: undefined,
						},
					],
		foreignVifs: [],
		vcpus: 1,
		hello: {min: 1, max: 1, features: 0},
		host: '1 1 1000',
		...change,
	};
}

export function nameOf(domid: number): string {
	return String.fromCharCode(96 + domid);
}

export function macOf(domid: number): string {
	return `00:16:3e:00:00:${domid.toString(16).padStart(2, '0')}`;
}

export const bridgeMac = 'fe:ff:ff:ff:ff:ff';

/** xenbr0 with the vifs of these guests, and xenbr1 with those named. */
export function topology(domids: readonly number[], onOther: readonly number[] = []): Topology {
	const bridges = [
		{ifindex: 2, name: 'xenbr0', mac: bridgeMac, mtu: 1500},
		{ifindex: 3, name: 'xenbr1', mac: bridgeMac, mtu: 1500},
	];
	const vifs = domids.map(domid => ({
		ifindex: 100 + domid,
		name: `vif${domid}.0`,
		mac: bridgeMac,
		mtu: 1500,
		master: onOther.includes(domid) ? 3 : 2,
	}));

	return {interfaces: [...bridges, ...vifs], bridges: new Set(['xenbr0', 'xenbr1'])};
}

export const allowRule: PairRule = {
	action: 'allow',
	between: ['*', '*'],
	ringPages: undefined,
	ringPagesMin: undefined,
	queues: undefined,
	source: {file: '10-all.yaml', line: 3, column: 5},
};

export function criteria(change: Partial<Criteria> = {}): Criteria {
	const bypassed: Bypassed = () => undefined;
	const allow: Verdict<PairRule> = {action: 'allow', rule: allowRule};

	return {
		topology: topology([1, 2, 3]),
		decide: () => allow,
		bypassed,
		isHeld: () => false,
		limitsOf: () => undefined,
		...change,
	};
}
