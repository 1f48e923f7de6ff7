// SPDX-License-Identifier: MIT
import test from 'ava';
import {judge} from '../../../../userland/daemon/host/judge.ts';
import type {Topology} from '../../../../userland/daemon/host/ports.ts';
import {linkState} from '../../../../userland/xenstore/features.ts';
import type {Domain} from '../../../../userland/xenstore/discover.ts';
import {bridgeMac, domain, criteria, topology} from '../_domains.ts';

const [a, b] = [domain(1), domain(2)];
const onBridge = 'they meet on no bridge of dom0: vif1.0 is on xenbr0';

function apart(domains: readonly Domain[], around: Topology = topology([1, 2])) {
	return judge(domains, criteria({topology: around}))[0]?.refusal;
}

/** b's vif, otherwise than usual. */
function withVif(change: Partial<Domain['vifs'][number]>, more: Partial<Domain> = {}): Domain {
	return domain(2, {vifs: b.vifs.map(vif => ({...vif, ...change})), ...more});
}

/** b's vif has this master, which is no bridge. */
function withMaster(master: string | undefined): Topology {
	const {interfaces, bridges} = topology([1, 2]);
	const ports = interfaces.map(each => {
		if (each.name !== 'vif2.0') {
			return each;
		}

		return {...each, master: master === undefined ? undefined : 50};
	});
	const device = {ifindex: 50, name: master ?? 'dummy0', mac: bridgeMac, mtu: 1500};

	return {interfaces: [...ports, device], bridges};
}

test('different bridges are named', t => {
	t.deepEqual(apart([a, b], topology([1, 2], [2])), {
		code: 'bridge',
		reason: `${onBridge}; vif2.0 is on xenbr1`,
	});
});

test('a port of Open vSwitch, of a bond, and a routed vif are told apart', t => {
	const says = (master: string | undefined) => apart([a, b], withMaster(master))?.reason;

	t.is(
		says('ovs-system'),
		`${onBridge}; vif2.0 is a port of Open vSwitch, whose database does not list it or cannot be read`,
	);
	t.is(says('bond0'), `${onBridge}; vif2.0 is on bond0, which is no Linux bridge`);
	t.is(says(undefined), `${onBridge}; vif2.0 is on no bridge: routed, or taken off`);
});

test('bridges of Open vSwitch are bridges: of the kernel, and in user space', t => {
	const on = (master: string | undefined, ovsBridges: ReadonlyArray<readonly [string, string]>) =>
		apart([a, b], {...withMaster(master), ovsBridges: new Map(ovsBridges)})?.reason;

	for (const master of ['ovs-system', undefined]) {
		t.is(
			on(master, [['vif2.0', 'ovsbr0']]),
			`${onBridge}; vif2.0 is on ovsbr0 of Open vSwitch`,
		);
	}
	/* The kernel knows better who has a device. */
	t.is(
		on('bond0', [['vif2.0', 'ovsbr0']]),
		`${onBridge}; vif2.0 is on bond0, which is no Linux bridge`,
	);
	t.is(
		on(undefined, [['vif3.0', 'ovsbr0']]),
		`${onBridge}; vif2.0 is on no bridge: routed, or taken off`,
	);
});

test('a vif that a driver domain serves is not in dom0', t => {
	const foreign = domain(2, {vifs: [], foreignVifs: [{handle: 0, backend: 7}]});

	t.is(apart([a, foreign])?.reason, `${onBridge}; vif2.0 is served by domain 7, not by dom0`);
	t.is(apart([a, domain(2, {vifs: []})])?.reason, `${onBridge}; b has no vif`);
});

test('a vif counts while it is connected', t => {
	for (const state of [4, 8]) {
		t.is(apart([a, withVif({state})]), undefined);
	}
	t.is(
		apart([a, withVif({state: 2})])?.reason,
		`${onBridge}; vif2.0 is not connected (netback's state is 2)`,
	);
	t.is(
		apart([a, withVif({state: undefined})])?.reason,
		`${onBridge}; vif2.0 is not connected (netback's state is not there)`,
	);
	t.is(
		apart([a, b], topology([1]))?.reason,
		`${onBridge}; vif2.0 is not among dom0's interfaces`,
	);
});

test('a native XDP program counts where the endpoint does not mind it itself', t => {
	const xdp = {state: 8, hasXdp: true};
	const hello = {min: 1, max: 1, features: linkState};

	t.is(
		apart([a, withVif(xdp)])?.reason,
		`${onBridge}; vif2.0 serves a native XDP program, which a channel would pass by`,
	);
	t.is(apart([a, withVif(xdp, {hello})]), undefined);
	t.is(apart([a, withVif({state: 8})]), undefined);
});

test("dom0's own bridges are named, and not every vif of many", t => {
	const [vif] = b.vifs;
	const many = domain(2, {
		vifs: [0, 1, 2, 3, 4].flatMap(handle =>
			vif ? [{...vif, handle, device: `vif2.${handle}`, state: 1}] : [],
		),
	});
	const reason = apart([domain(0), many])?.reason ?? '';

	t.regex(reason, /: dom0 itself is on xenbr0, dom0 itself is on xenbr1; vif2\.0 is not conn/);
	t.regex(reason, /vif2\.2 is not connected \(netback's state is 1\), and 2 more$/);
	t.regex(apart([domain(0), b], withMaster('ovs-system'))?.reason ?? '', /is a port of Open vSw/);
});
