// SPDX-License-Identifier: MIT
import {eventQueue} from '../../userland/event-queue.ts';
import {
	attach,
	blank,
	end,
	enter,
	expectModule,
	expectSide,
	type FakeWorld,
	moduleOf,
	offer,
	newSide,
	refused,
	refuseUnknown,
	say,
	snapshot,
	tellCounts,
} from './kernel-world.ts';
import type {
	Channel,
	ChannelCounters,
	ChannelState,
	Kernel,
	KernelEvent,
} from '../../userland/kernel/kernel.ts';
import {noModule} from '../../userland/kernel/errors.ts';

/** A module in memory, and what only packets, peers and the toolstack can do to a real one. */
export type FakeKernel = Kernel & {
	/** A packet to the peer finds no channel. */
	want(domid: number): void;
	/** So much more goes over the channel. */
	carry(domid: number, more: Partial<ChannelCounters>): void;
	/** The peer lied, stalled or the like. */
	fall(domid: number, state: ChannelState, reason: string): void;
	/** So many more packets to the peer take the ordinary path. */
	pass(domid: number, reason: string, packets: number): void;
	/** The peer's links may have no channel, or may have one again. */
	block(domid: number, reason: string | undefined): void;
	/** It is a module of that version of the family. */
	setVersion(version: number): void;
	/** Ends every channel and says so. */
	suspend(): void;
	resume(): void;
	/** Notifications were lost. */
	overrun(): void;
	/** The module goes away: every watch and every later request throws NO_MODULE. */
	unload(): void;
};

/** The modules of all domains of one host: what one of them offers, another can attach to. */
type FakeHost = {kernel(domid: number): FakeKernel};

export function fakeHost(): FakeHost {
	const world: FakeWorld = {modules: new Map(), lastNumber: 0};

	return {kernel: domid => fakeKernel(world, domid)};
}

function fakeKernel(world: FakeWorld, self: number): FakeKernel {
	return {
		async info() {
			const sides = [...expectModule(world, self).sides.values()];
			const open = sides.filter(side => side.offer !== undefined);

			return {
				protocolMin: 1,
				protocolMax: 1,
				features: 1,
				ifindex: 1000,
				peers: sides.length,
				channels: open.length,
				grants: open.reduce((sum, side) => sum + 1 + 2 ** (side.channel?.order ?? 0), 0),
				maps: open.reduce((sum, side) => sum + 2 ** (side.channel?.remoteOrder ?? 0), 0),
				ports: open.length,
				deferred: 0,
				moduleVersion: 'fake',
				familyVersion: moduleOf(world, self).version,
				grantLimit: 16_384,
			};
		},
		async peers() {
			const sides = [...expectModule(world, self).sides.values()];
			for (const side of sides) {
				side.told = false;
			}

			return sides.map(snapshot);
		},
		async peerNew(config) {
			const module = expectModule(world, self);

			refuseUnknown(module, config);
			if (module.sides.has(config.domid)) {
				throw refused('EEXIST', 'the peer is known already (domid)');
			}
			module.sides.set(config.domid, newSide(config));
		},
		async peerSet(config) {
			const side = expectSide(world, self, config.domid);

			refuseUnknown(moduleOf(world, self), config);
			if (config.epoch !== side.config.epoch) {
				end(world, self, config.domid, 'closed', 'epoch');
			}
			side.config = {...side.config, ...config};
		},
		async peerDelete(domid) {
			expectSide(world, self, domid);
			end(world, self, domid, 'closed', 'peer-removed');
			moduleOf(world, self).sides.delete(domid);
		},
		offer: async (domid, epoch, options) => offer(world, self, domid, epoch, options),
		attach: async (domid, epoch, theirs) => attach(world, self, domid, epoch, theirs),
		async close(domid) {
			expectSide(world, self, domid).wanted = false;
			end(world, self, domid, 'closed', 'asked');
		},
		events(signal) {
			const {queues} = expectModule(world, self);
			const queue = eventQueue<KernelEvent>({
				signal,
				overflow: {kind: 'overrun'},
				stop: () => queues.delete(queue),
			});

			queues.add(queue);

			return queue;
		},
		async dispose() {},

		want(domid) {
			const side = expectSide(world, self, domid);

			side.wanted = true;
			say(world, self, {kind: 'want', peer: snapshot(side)});
		},
		carry(domid, more) {
			const side = expectSide(world, self, domid);

			if (side.channel) {
				side.channel = sum(side.channel, more);
			}
			if (more.backlogged) {
				tellCounts(world, self, side);
			}
		},
		fall(domid, state, reason) {
			const side = expectSide(world, self, domid);

			side.offer = undefined;
			enter(world, self, side, state, reason, blank);
		},
		pass(domid, reason, packets) {
			const side = expectSide(world, self, domid);
			const {ordinary} = side;

			ordinary.set(reason, (ordinary.get(reason) ?? 0n) + BigInt(packets));
			if (['qdisc', 'tc', 'size'].includes(reason)) {
				tellCounts(world, self, side);
			}
		},
		block(domid, reason) {
			expectSide(world, self, domid).blocked = reason;
			if (reason !== undefined) {
				end(world, self, domid, 'closed', 'blocked');
			}
		},
		setVersion(version) {
			moduleOf(world, self).version = version;
		},
		suspend() {
			endAll(world, self, 'suspend');
			say(world, self, {kind: 'suspend'});
		},
		resume: () => say(world, self, {kind: 'resume'}),
		overrun: () => say(world, self, {kind: 'overrun'}),
		unload() {
			const module = moduleOf(world, self);

			endAll(world, self, 'unload');
			module.loaded = false;
			module.sides.clear();
			module.queues.forEach(queue => queue.fail(noModule()));
		},
	};
}

function sum(channel: Channel, more: Partial<ChannelCounters>): Channel {
	const keys = Object.keys(more) as (keyof ChannelCounters)[];
	const sums = keys.map(key => [key, channel[key] + (more[key] ?? 0n)]);

	return {...channel, ...Object.fromEntries(sums)};
}

function endAll(world: FakeWorld, self: number, reason: string): void {
	for (const domid of moduleOf(world, self).sides.keys()) {
		end(world, self, domid, 'closed', reason);
	}
}
