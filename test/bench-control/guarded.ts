// SPDX-License-Identifier: MIT
import {createGuard} from '../../userland/firewall/guard.ts';
import {parseRuleset} from '../../userland/nftables-js/index.ts';
import {obstacleBetween} from '../../userland/openvswitch/obstacle.ts';
import type {Flow, OvsState} from '../../userland/openvswitch/types.ts';
import {createFlowTable} from '../../userland/openvswitch/walk.ts';
import {cpuOf} from './scene.ts';
import {macOf} from './store.ts';

type Guarded = Record<'cpu' | 'refused', number>;

/** Asks for every pair of so many guests. */
async function askAll(vifs: number, isRefused: () => (a: number, b: number) => boolean) {
	let refused = 0;
	const cpu = await cpuOf(async () => {
		const ask = isRefused();

		for (let a = 1; a <= vifs; a++) {
			for (let b = a + 1; b <= vifs; b++) {
				refused += ask(a, b) ? 1 : 0;
			}
		}
	});

	return {cpu, refused};
}

/** Every pair of guests, each of which has a rule of nftables that locks its address. */
export function guardedByRules(vifs: number): Promise<Guarded> {
	const rule = (domid: number) => ({
		rule: {
			...{family: 'bridge', table: 'f', chain: 'forward', handle: domid + 10},
			expr: [
				match('==', {meta: {key: 'iifname'}}, `vif${domid}.0`),
				match('!=', {payload: {protocol: 'ether', field: 'saddr'}}, macOf(domid)),
				{drop: null},
			],
		},
	});
	const chain = {
		...{family: 'bridge', table: 'f', name: 'forward', handle: 1},
		...{type: 'filter', hook: 'forward', prio: 0, policy: 'accept'},
	};
	const table = {family: 'bridge', name: 'f', handle: 1};
	const rules = Array.from({length: vifs}, (_, index) => rule(index + 1));
	const text = JSON.stringify({nftables: [{table}, {chain}, ...rules]});
	const port = (domid: number) => ({
		...({kind: 'vif', name: `vif${domid}.0`, mac: macOf(domid), bridge: 'xenbr0'} as const),
	});

	return askAll(vifs, () => {
		const guard = createGuard(parseRuleset(text));

		return (a, b) => guard(port(a), port(b), {ip: true, ip6: true}) !== undefined;
	});
}

function match(op: string, left: unknown, right: unknown) {
	return {match: {op, left, right}};
}

/** The same on a bridge of Open vSwitch, where each has 16 flows, most of which ask for where frames go. */
export function guardedByFlows(vifs: number): Promise<Guarded> {
	const flow = (priority: number, match_: readonly string[], actions: string): Flow => ({
		...{priority, match: match_, actions},
		text: `priority=${priority},${match_.join()} actions=${actions}`,
	});
	const flowsOf = (domid: number): Flow[] => {
		const own = [`in_port=${domid}`, `dl_src=${macOf(domid)}`];

		return [
			...Array.from({length: 14}, (_, index) =>
				flow(9000 - index, [...own, `dl_dst=${macOf(60_000 + index)}`], 'drop'),
			),
			flow(8000, own, 'NORMAL'),
			flow(5000, [`in_port=${domid}`], 'drop'),
		];
	};
	const ports = Array.from({length: vifs}, (_, index) => index + 1);
	const state = (): OvsState => ({
		problem: undefined,
		ports: new Map(
			ports.map(number => [
				`vif${number}.0`,
				{
					...{id: `id${number}`, device: `vif${number}.0`, bridge: 'xenbr0', number},
					...{error: undefined, type: 'system', isDown: false, isBond: false},
					...{isProtected: false, lacp: undefined, qos: undefined, isPoliced: false},
					...{treeState: undefined},
					vlans: {mode: 'access', tag: undefined, trunks: [], customers: []},
				},
			]),
		),
		bridges: new Map([
			[
				'xenbr0',
				{
					...{name: 'xenbr0', samplers: [], mirrors: [], floodVlans: []},
					switching: {
						flows: createFlowTable([...ports.flatMap(flowsOf), flow(0, [], 'NORMAL')]),
						...{staticEntries: [], fragments: 'normal', forbids: new Map()},
					},
				},
			],
		]),
	});
	const end = (domid: number) => ({name: `vif${domid}.0`, mac: macOf(domid)});

	return askAll(vifs, () => {
		const ovs = state();

		return (a, b) => obstacleBetween(end(a), end(b), ovs) !== undefined;
	});
}
