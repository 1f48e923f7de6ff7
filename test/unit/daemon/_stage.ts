// SPDX-License-Identifier: MIT
import {createDaemon, type Daemon, type Role, type World} from '../../../userland/daemon/daemon.ts';
import type {Held} from '../../../userland/daemon/held.ts';
import type {Topology} from '../../../userland/daemon/host/ports.ts';
import {createLog} from '../../../userland/daemon/log.ts';
import {ColoopError} from '../../../userland/errors.ts';
import type {Limits} from '../../../userland/limits.ts';
import {withdraw} from '../../../userland/daemon/withdraw.ts';
import {eventQueue} from '../../../userland/event-queue.ts';
import {fakeHost, type FakeKernel} from '../../fakes/kernel.ts';
import type {ChannelState} from '../../../userland/kernel/kernel.ts';
import {inForce, type LoadedPolicy} from '../../../userland/policy/load.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import {fakeClock, type FakeClock} from './_clock.ts';
import {bridgeMac, macOf, nameOf} from './_domains.ts';
import {wrapKernel, wrapStore, type Wrapping} from './_store.ts';

/** What one domain's surroundings look like to its daemon; tests turn the knobs. */
type Knobs = {
	module: 'present' | 'absent';
	policy: string;
	wrapping: Wrapping;
	held: Held;
	/** What nftables would say: in force as asked, or an error. Undefined: no libnftables. */
	enforcement: FakeEnforcement | undefined;
	poke(): void;
};

type FakeEnforcement = {
	/** By Ethernet address, as announced. */
	limits: ReadonlyMap<string, Limits>;
	failure?: string;
	changed?(enforcement: FakeEnforcement): void;
};

export type Stage = {
	readonly clock: FakeClock;
	/** Dom0's own connection, as the toolstack's. */
	readonly xen: Store;
	/** Every log line of every daemon, in order. */
	readonly log: Array<{domid: number; event: string; [key: string]: unknown}>;
	/** Rules that dom0's firewall has between two domains, by `1-2`. */
	readonly rules: Map<string, string>;
	kernel(domid: number): FakeKernel;
	create(domid: number): Promise<void>;
	destroy(domid: number): Promise<void>;
	/** `adapt`: what becomes of its world first. */
	start(domid: number, roles?: Role[], adapt?: (world: World) => World): Daemon;
	stop(domid: number): Promise<void>;
	stopAll(): Promise<void>;
	/** `coloopd --withdraw` */
	withdraw(domid: number): Promise<void>;
	knobs(domid: number): Knobs;
	setModule(domid: number, state: 'present' | 'absent'): void;
	setPolicy(domid: number, text: string): void;
	bridge(domid: number, name: 'xenbr0' | 'xenbr1'): void;
	/** Of the domain's vif in dom0; 1500 before. */
	setMtu(domid: number, mtu: number): void;
	state(of: number, about: number): Promise<ChannelState | undefined>;
	/** Traffic from one to the other until both have a live channel. */
	connect(a: number, b: number): Promise<void>;
	isLive(a: number, b: number): Promise<boolean>;
	tree(path?: string): Promise<Record<string, string>>;
};

const allowAll = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';

export function createStage(): Stage {
	const clock = fakeClock();
	const tree = fakeXenStore();
	const xen = tree.connect(0);
	const kernels = fakeHost();
	const log: Stage['log'] = [];
	const rules: Stage['rules'] = new Map();
	const bridges = new Map<number, string>();
	const mtus = new Map<number, number>();
	const running = new Map<number, {stop: AbortController; done: Promise<void>}>();
	const all = new Map<number, Knobs & {listeners: Set<() => void>}>();

	const knobs = (domid: number) => {
		const known = all.get(domid);
		if (known) {
			return known;
		}
		const listeners = new Set<() => void>();
		const fresh = {
			module: 'present' as const,
			policy: allowAll,
			wrapping: {},
			held: memoryHeld(),
			enforcement: undefined,
			listeners,
			poke: () => listeners.forEach(listener => listener()),
		};
		all.set(domid, fresh);

		return fresh;
	};

	/** Yields what `read` says now and after each turn of a knob. */
	const watchKnob = <T>(domid: number, read: () => T) => {
		return (signal: AbortSignal) => {
			const {listeners} = knobs(domid);
			const push = () => queue.push(read());
			const queue = eventQueue<T>({
				signal,
				overflow: read(),
				stop: () => listeners.delete(push),
			});
			listeners.add(push);
			push();

			return queue;
		};
	};

	const topology = async (): Promise<Topology> => {
		const ports = [...bridges].map(([domid, bridge]) => ({
			ifindex: 100 + domid,
			name: `vif${domid}.0`,
			mac: bridgeMac,
			mtu: mtus.get(domid) ?? 1500,
			master: bridge === 'xenbr0' ? 2 : 3,
		}));

		return {
			interfaces: [
				{ifindex: 2, name: 'xenbr0', mac: bridgeMac, mtu: 9000},
				{ifindex: 3, name: 'xenbr1', mac: bridgeMac, mtu: 9000},
				...ports,
			],
			bridges: new Set(['xenbr0', 'xenbr1']),
		};
	};

	const worldOf = (domid: number): World => ({
		isDom0: domid === 0,
		clock,
		log: createLog(line => log.push({domid, ...JSON.parse(line)}), 'debug'),
		held: knobs(domid).held,
		awaitStore: async () => {},
		openStore: async () => wrapStore(tree.connect(domid), knobs(domid).wrapping),
		openKernel: async () => wrapKernel(kernels.kernel(domid), knobs(domid).wrapping),
		watchModule: watchKnob(domid, () => knobs(domid).module),
		interfaces: async () =>
			domid === 0
				? (await topology()).interfaces
				: [{ifindex: 2, name: 'eth0', mac: macOf(domid)}],
		vifs: async () => new Set(['0']),
		watchLinks: watchKnob(domid, () => 'changed'),
		enforcement: {
			isAble: async () => knobs(domid).enforcement !== undefined,
			async enforce(limits) {
				const {enforcement} = knobs(domid);
				if (limits.size > 0 && (!enforcement || enforcement.failure)) {
					throw new ColoopError('FIREWALL', enforcement?.failure ?? 'no libnftables');
				}
				if (enforcement) {
					enforcement.limits = limits;
					enforcement.changed?.(enforcement);
				}

				return 'same';
			},
		},
		watchOwnRules: watchKnob(domid, () => 'changed'),
		watchPolicy: signal => {
			const policies = watchKnob(domid, () => load(knobs(domid).policy))(signal);

			return Object.assign(policies, {reload: () => knobs(domid).poke()});
		},
		topology,
		hints: [watchKnob(domid, () => 'changed')],
		firewall: async () => (a, b) => rules.get([a.name, b.name].sort().join()),
	});

	const stage: Stage = {
		clock,
		xen,
		log,
		rules,
		kernel: domid => kernels.kernel(domid),
		knobs,
		async create(domid) {
			if (domid === 0) {
				return;
			}
			bridges.set(domid, 'xenbr0');
			tree.introduce(domid, nameOf(domid));
			await addVif(xen, domid);
		},
		async destroy(domid) {
			bridges.delete(domid);
			await xen.remove(`/local/domain/0/backend/vif/${domid}`);
			tree.release(domid);
		},
		start(domid, roles = rolesOf(domid), adapt = world => world) {
			const stop = new AbortController();
			const daemon = createDaemon(adapt(worldOf(domid)), roles);
			running.set(domid, {stop, done: daemon.run(stop.signal)});

			return daemon;
		},
		async stop(domid) {
			const daemon = running.get(domid);
			running.delete(domid);
			daemon?.stop.abort();
			await daemon?.done;
		},
		async stopAll() {
			for (const domid of [...running.keys()]) {
				await stage.stop(domid);
			}
		},
		setModule(domid, state) {
			knobs(domid).module = state;
			knobs(domid).poke();
		},
		setPolicy(domid, text) {
			knobs(domid).policy = text;
			knobs(domid).poke();
		},
		bridge(domid, name) {
			bridges.set(domid, name);
			knobs(0).poke();
		},
		setMtu(domid, mtu) {
			mtus.set(domid, mtu);
			knobs(0).poke();
		},
		async state(of, about) {
			const peers = await kernels.kernel(of).peers();

			return peers.find(({domid}) => domid === about)?.channel?.state;
		},
		async isLive(a, b) {
			return (await stage.state(a, b)) === 'live' && (await stage.state(b, a)) === 'live';
		},
		withdraw: domid => withdraw(worldOf(domid), rolesOf(domid)),
		async connect(a, b) {
			const knows = async (of: number, about: number) =>
				(await kernels.kernel(of).peers()).some(({domid}) => domid === about);
			await clock.until(
				'both know each other',
				async () => (await knows(a, b)) && (await knows(b, a)),
			);
			kernels.kernel(a).want(b);
			await clock.until(`${a} and ${b} live`, () => stage.isLive(a, b));
		},
		tree: (path = '/local/domain') => dump(xen, path),
	};

	return stage;
}

export function uuidOf(domid: number): string {
	return `9f2c1b9e-2f0e-4a8e-9d5a-${String(domid).padStart(12, '0')}`;
}

/** What libxl writes besides what every domain has. */
async function addVif(xen: Store, domid: number): Promise<void> {
	await xen.write(`/local/domain/${domid}/vm`, `/vm/${uuidOf(domid)}`);
	const vif = `/local/domain/0/backend/vif/${domid}/0`;
	await xen.write(`${vif}/mac`, macOf(domid));
	await xen.write(`${vif}/bridge`, 'xenbr0');
	await xen.write(`${vif}/state`, '4');
}

function rolesOf(domid: number): Role[] {
	return domid === 0 ? ['host', 'endpoint'] : ['endpoint'];
}

async function dump(xen: Store, path: string): Promise<Record<string, string>> {
	const found: Record<string, string> = {};
	for (const child of await xen.list(path)) {
		const at = `${path}/${child}`;
		const value = await xen.read(at);
		if (value) {
			found[at] = value;
		}
		Object.assign(found, await dump(xen, at));
	}

	return found;
}

function load(text: string): LoadedPolicy {
	const policy = parsePolicy(text, '10-test.yaml');

	return inForce({policy, errors: [], dir: '/etc/coloop/policy.d'});
}

function memoryHeld(): Held {
	const peers = new Set<string>();
	const pairs = new Set<string>();
	const key = (names: readonly string[]) => [...names].sort().join();

	return {
		peers,
		isPair: (a, b) => pairs.has(key([a, b])),
		async hold(names) {
			if (names.length > 1) {
				pairs.add(key(names));
			} else {
				names.forEach(name => peers.add(name));
			}
		},
		async release(names) {
			if (names.length > 1) {
				pairs.delete(key(names));
			} else {
				names.forEach(name => peers.delete(name));
			}
		},
	};
}
