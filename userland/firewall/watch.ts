// SPDX-License-Identifier: MIT
import {eventQueue, type EventQueue} from '../event-queue.ts';
import type {Notice} from '../kernel/notices.ts';
import type {Firewall} from './firewall.ts';
import type {Part} from './part.ts';

/**
 * How often, in ms, what nobody is told of is looked at: the switches of br_netfilter, tables of the old iptables and
 * ebtables, hooks of netfilter, and BPF by links. A withdrawn permission ends a channel within a second; a look takes
 * a few tens of system calls, and two for each device.
 */
export const pollPeriod = 500;

/** How often, in ms, all but the tables of nftables is read again, should the kernel have told something to nobody. */
export const refreshPeriod = 15_000;

export type WatchWorld = {
	now(): number;
	sleep(ms: number, signal: AbortSignal): Promise<void>;
	watchRoute(signal: AbortSignal): AsyncIterable<Notice>;
	watchTables(signal: AbortSignal): AsyncIterable<Notice>;
};

/** Says `changed` once now, and when the next `read` of the firewall may find something else. Throws what a watch throws. */
export function watchFirewall(
	firewall: Firewall,
	world: WatchWorld,
	signal: AbortSignal,
): AsyncIterable<'changed'> {
	const stopped = new AbortController();
	const queue = eventQueue<'changed'>({
		signal,
		overflow: 'changed',
		stop: () => stopped.abort(),
	});
	const watcher = createWatcher(firewall, world, {queue, signal: stopped.signal});

	for (const task of [
		forEach(world.watchRoute(stopped.signal), watcher.hear),
		forEach(world.watchTables(stopped.signal), watcher.hear),
		watcher.poll(),
	]) {
		task.catch((error: unknown) => queue.fail(error));
	}

	return queue;
}

type Output = {readonly queue: EventQueue<'changed'>; readonly signal: AbortSignal};

function createWatcher(firewall: Firewall, world: WatchWorld, {queue, signal}: Output) {
	const {parts, rulesReader} = firewall;
	const waiting = new Set<Part<unknown>>();

	/** A part that rests is said to have changed when its rest is over. */
	function invalidate(part: Part<unknown>): void {
		part.invalidate();
		if (waiting.has(part)) {
			return;
		}
		const wait = part.wait();

		if (wait === 0) {
			queue.push('changed');

			return;
		}
		waiting.add(part);
		void world.sleep(wait, signal).then(() => {
			waiting.delete(part);
			queue.push('changed');
		});
	}

	function hear(notice: Notice): void {
		const [kind = '', ...words] = notice.split(' ');
		const [subject = ''] = words;

		switch (kind) {
			case 'lost':
				rulesReader.forget('all');

				return Object.values(parts).forEach(invalidate);
			case 'links':
				return invalidate(parts.links);
			case 'forwarding':
				return firewall.isAsked({mac: subject}) ? invalidate(parts.entries) : undefined;
			case 'queues':
				return isOurs(Number(subject)) ? invalidate(parts.control) : undefined;
			case 'chains':
			case 'rules':
				return hearRules(kind, words);
		}
	}

	/** A filter of a block that devices share has no device of its own. */
	const isOurs = (ifindex: number) => ifindex <= 0 || firewall.isAsked({ifindex});

	/** What changes in a table that no frame of ours meets changes nothing, but a new base chain has it met. */
	function hearRules(kind: 'chains' | 'rules', [family, ...name]: readonly string[]): void {
		const key = `${family} ${name.join(' ')}`;

		if (rulesReader.isMet(key)) {
			rulesReader.forget(key);
			invalidate(parts.rules);
		} else if (kind === 'chains') {
			invalidate(parts.rules);
		}
		if (kind === 'chains') {
			invalidate(parts.deviceHooks);
		}
	}

	async function poll(): Promise<void> {
		let refreshAt = world.now() + refreshPeriod;

		while (!signal.aborted) {
			await world.sleep(pollPeriod, signal);
			if (world.now() >= refreshAt) {
				refreshAt = world.now() + refreshPeriod;
				Object.values(parts).forEach(part => part.invalidate());
				queue.push('changed');
			} else if (await hasNews(parts.unheard)) {
				// XDP by a link of BPF is among the devices.
				parts.links.invalidate();
				queue.push('changed');
			}
		}
	}

	/** A reading that failed is to be tried again, and one that fails for long ends verdicts. */
	async function hasNews(part: Part<unknown>): Promise<boolean> {
		const isFailing = Object.values(parts).some(each => each.isFailing);
		const before = await part.get().catch(() => undefined);

		part.invalidate();
		const after = await part.get().catch(() => undefined);

		return isFailing || before !== after;
	}

	return {hear, poll};
}

async function forEach<T>(items: AsyncIterable<T>, use: (item: T) => void): Promise<void> {
	for await (const item of items) {
		use(item);
	}
}
