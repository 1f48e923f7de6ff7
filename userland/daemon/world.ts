// SPDX-License-Identifier: MIT
import {join} from 'node:path';
import type {Device} from '../kernel/devices.ts';
import {interfaces, watchLinks} from '../kernel/links.ts';
import {createEnforcement} from '../enforcement/enforcement.ts';
import {watchOwnTable} from '../enforcement/watch.ts';
import {openNftables} from '../nftables-js/index.ts';
import {vifs} from '../kernel/vif.ts';
import {watchRoute, watchTables} from '../kernel/notices.ts';
import {openKernel, watchModule} from '../kernel/client.ts';
import type {FleetConfig} from '../fleet/config.ts';
import {createFleet} from '../fleet/fleet.ts';
import {keptFile} from '../fleet/kept.ts';
import {watchPolicy} from '../policy/watch.ts';
import {openStore} from '../xenstore/client.ts';
import {awaitStore} from '../xenstore/presence.ts';
import {systemClock, type Clock} from './clock.ts';
import type {World} from './daemon.ts';
import {openHeld} from './held.ts';
import type {Bypassed} from './host/context.ts';
import type {HostWorld} from './host/host.ts';
import type {Topology} from './host/ports.ts';
import {describe, type Log} from './log.ts';

type WorldOptions = {
	readonly isDom0: boolean;
	/** Undefined: where policy is installed. */
	readonly policyDir: string | undefined;
	/** Of what outlives a boot. */
	readonly stateFolder: string;
	/** Policy of an etcd, beside the files. */
	readonly fleet: FleetConfig | undefined;
	readonly log: Log;
};

/** The real world. */
export async function systemWorld({
	isDom0,
	policyDir,
	stateFolder,
	fleet: config,
	log,
}: WorldOptions): Promise<World> {
	const clock = systemClock();
	const fleet =
		config && createFleet(config, {file: keptFile(stateFolder), log, unix: clock.unix});

	return {
		...(fleet && {fleet}),
		isDom0,
		log,
		clock,
		held: await openHeld(join(stateFolder, 'held.json'), log),
		openStore,
		awaitStore: (waits, signal) => awaitStore({isDom0, sleep: clock.sleep, waits}, signal),
		openKernel,
		watchModule,
		interfaces,
		vifs,
		watchLinks,
		enforcement: createEnforcement(openNftables),
		watchOwnRules: signal => watchOwnTable(watchTables(signal)),
		watchPolicy: signal =>
			watchPolicy(
				policyDir,
				signal,
				error => log.warn('policy.unwatched', describe(error)),
				isDom0 ? 'dom0' : 'guest',
				fleet,
			),
		...dom0World(clock, log),
	};
}

/** What the host role sees of dom0. A guest has no use for libnftables, and may not have it: loaded at the first use. */
function dom0World(clock: Clock, log: Log): Pick<HostWorld, 'topology' | 'firewall' | 'hints'> {
	let opened: ReturnType<typeof openDom0> | undefined;
	const open = () => (opened ??= openDom0(clock, log));

	return {
		topology: async () => (await open()).topology(),
		firewall: async (devices, addresses) => (await open()).bypassed(devices, addresses),
		hints: [
			async function* (signal) {
				yield* (await open()).watchRules(signal);
			},
			async function* (signal) {
				yield* (await open()).watchSwitches(signal);
			},
		],
	};
}

async function openDom0(clock: Clock, log: Log) {
	const [
		{openFirewall},
		{realTime},
		{refusalBetween, refusalOnDevices},
		{realTools},
		{watchFirewall},
		{obstacleBetween},
		{Ovs},
	] = await Promise.all([
		import('../firewall/firewall.ts'),
		import('../firewall/part.ts'),
		import('../firewall/state.ts'),
		import('../firewall/tools.ts'),
		import('../firewall/watch.ts'),
		import('../openvswitch/obstacle.ts'),
		import('../openvswitch/ovs.ts'),
	]);
	const firewall = openFirewall(realTools, {...realTime, warn: log.warn});
	const ovs = new Ovs();
	let last: {readonly of: readonly unknown[]; readonly bypassed: Bypassed} | undefined;

	return {
		async topology(): Promise<Topology> {
			const [devices, ovsBridges] = await Promise.all([
				firewall.readDevices(),
				ovs.bridges(),
			]);

			return {...topologyOf(devices), ovsBridges};
		},
		watchRules: (signal: AbortSignal) =>
			watchFirewall(firewall, {...clock, watchRoute, watchTables}, signal),
		watchSwitches: (signal: AbortSignal) => ovs.hints(signal),
		/** The same function as before while neither dom0's rules nor its switches changed. */
		async bypassed(...[devices, addresses]: Parameters<HostWorld['firewall']>) {
			const [state, switches] = await Promise.all([
				firewall.read({devices, addresses}),
				ovs.read(devices),
			]);

			if (last?.of[0] !== state || last.of[1] !== switches) {
				const bypassed: Bypassed = (a, b) =>
					a.isOvs || b.isOvs
						? (obstacleBetween(a, b, switches) ?? refusalOnDevices(a, b, state)?.text)
						: refusalBetween(a, b, state)?.text;

				last = {of: [state, switches], bypassed};
			}

			return last.bypassed;
		},
	};
}

/** Only Linux bridges count; the ports of Open vSwitch share a master that is none. */
function topologyOf(devices: ReadonlyMap<string, Device>): Topology {
	const all = [...devices.values()];

	return {
		interfaces: all.flatMap(({ifindex, name, mac, mtu, master}) =>
			mac === undefined ? [] : [{ifindex, name, mac, mtu, master}],
		),
		bridges: new Set(all.flatMap(({name, bridge}) => (bridge === undefined ? [] : [name]))),
	};
}
