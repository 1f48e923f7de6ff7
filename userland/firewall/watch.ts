// SPDX-License-Identifier: MIT
import {eventQueue} from '../event-queue.ts';
import type {Notice} from '../kernel/notices.ts';
import type {Firewall} from './firewall.ts';

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
	const changed = () => queue.push('changed');
	const watcher = createWatcher(firewall, changed);

	firewall.onDue(changed);
	for (const task of [
		forEach(world.watchRoute(stopped.signal), watcher.hear),
		forEach(world.watchTables(stopped.signal), watcher.hear),
		poll(watcher, world, stopped.signal),
	]) {
		task.catch((error: unknown) => queue.fail(error));
	}

	return queue;
}

type Watcher = ReturnType<typeof createWatcher>;

function createWatcher(firewall: Firewall, changed: () => void) {
	const {parts, rulesReader} = firewall;

	/** A filter of a block that devices share has no device of its own. */
	const isOurs = (ifindex: number) => ifindex <= 0 || firewall.isAsked({ifindex});

	function hear(notice: Notice): void {
		const [kind = '', ...words] = notice.split(' ');
		const [subject = ''] = words;

		if (kind === 'lost') {
			rulesReader.forget('all');
			refresh();
		} else if (kind === 'links') {
			parts.links.invalidate();
		} else if (kind === 'forwarding' && firewall.isAsked({mac: subject})) {
			parts.entries.invalidate();
		} else if (kind === 'queues' && isOurs(Number(subject))) {
			parts.control.invalidate();
		} else if (kind === 'chains' || kind === 'rules') {
			hearRules(kind, words.join(' '));
		}
	}

	/** What changes in a table that no frame of ours meets changes nothing, but a new base chain has it met. */
	function hearRules(kind: 'chains' | 'rules', table: string): void {
		rulesReader.forget(table);
		if (kind === 'chains' || rulesReader.isMet(table)) {
			parts.rules.invalidate();
		}
		if (kind === 'chains') {
			parts.deviceHooks.invalidate();
		}
	}

	function refresh(): void {
		Object.values(parts).forEach(part => part.invalidate());
	}

	/** A reading that failed is to be tried again, and one that fails for long ends verdicts. */
	async function look(): Promise<void> {
		const isFailing = Object.values(parts).some(part => part.isFailing);
		const before = await parts.unheard.get().catch(() => undefined);

		parts.unheard.invalidate();
		const after = await parts.unheard.get().catch(() => undefined);

		if (before !== after) {
			// XDP by a link of BPF is among the devices.
			parts.links.invalidate();
		}
		if (isFailing) {
			changed();
		}
	}

	return {hear, look, refresh};
}

async function poll(watcher: Watcher, world: WatchWorld, signal: AbortSignal): Promise<void> {
	let refreshAt = world.now() + refreshPeriod;

	while (!signal.aborted) {
		await world.sleep(pollPeriod, signal);
		if (world.now() >= refreshAt) {
			refreshAt = world.now() + refreshPeriod;
			watcher.refresh();
		}
		await watcher.look();
	}
}

async function forEach<T>(items: AsyncIterable<T>, use: (item: T) => void): Promise<void> {
	for await (const item of items) {
		use(item);
	}
}
