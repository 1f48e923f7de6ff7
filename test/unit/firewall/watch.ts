// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {eventQueue, type EventQueue} from '../../../userland/event-queue.ts';
import {openFirewall} from '../../../userland/firewall/firewall.ts';
import {keptFor} from '../../../userland/firewall/part.ts';
import {refusalBetween} from '../../../userland/firewall/state.ts';
import type {Tools} from '../../../userland/firewall/tools.ts';
import {pollPeriod, refreshPeriod, watchFirewall} from '../../../userland/firewall/watch.ts';
import type {ForwardingEntry} from '../../../userland/kernel/forwarding.ts';
import type {Notice} from '../../../userland/kernel/notices.ts';
import {vifA, vifB} from './_fixtures.ts';
import {bridgeDevice, fakeTools, indexes, portDevice, plainDevices} from './_tools.ts';
import {fakeTime} from './_time.ts';

type Knobs = Partial<Tools> & {readonly files?: Record<string, string>};

const ports = {
	devices: ['vif3.0', 'vif4.0'],
	addresses: [
		{mac: vifA.mac, device: 'vif3.0'},
		{mac: vifB.mac, device: 'vif4.0'},
	],
};

/** A host that reads the firewall whenever it hears `changed`; `reads` counts what the tools were asked. */
function stage(t: ExecutionContext, knobs: Knobs) {
	const time = fakeTime();
	const controller = new AbortController();
	const reads: string[] = [];
	const tools = new Proxy(fakeTools(knobs), {
		get(target, name: keyof Tools) {
			if (
				!['attached', 'linked', 'readFile', 'readHooks', 'hasBuiltInEbtables'].includes(
					name,
				)
			) {
				reads.push(name);
			}

			return knobs[name] ?? target[name];
		},
	});
	const firewall = openFirewall(tools, time.world);
	let route: EventQueue<Notice> | undefined;
	const queue = () =>
		eventQueue<Notice>({signal: controller.signal, overflow: 'lost', stop() {}});
	const changed = watchFirewall(
		firewall,
		{
			...time.world,
			sleep: async (ms, signal) => {
				if (!signal.aborted) {
					await time.world.sleep(ms);
				}
			},
			watchRoute: () => (route = queue()),
			watchTables: () => queue(),
		},
		controller.signal,
	);
	let states: unknown[] = [];
	let text: string | undefined;
	const texts = new Set<string | undefined>();
	const host = async () => {
		for await (const hint of changed) {
			t.is(hint, 'changed');
			try {
				const state = await firewall.read(ports);

				text = refusalBetween(vifA, vifB, state)?.text;
				texts.add(text);
				states = [...states.filter(each => each !== state), state];
			} catch (error) {
				text = String(error);
			}
		}
	};

	void host();
	t.teardown(() => controller.abort());

	return {
		time,
		reads,
		states: () => states.length,
		text: () => text,
		/** All that was answered, once each. */
		texts: () => [...texts],
		/** No time passes. */
		say: (...notices: Notice[]) => notices.forEach(notice => route?.push(notice)),
		async hear(...notices: Notice[]) {
			notices.forEach(notice => route?.push(notice));
			await time.pass(100);
		},
		/** What the tools are asked while this happens, without what is polled. */
		async asked(work: () => Promise<void>): Promise<string> {
			reads.length = 0;
			await work();

			return [...new Set(reads)].sort().join(' ');
		},
	};
}

test('each notice has its part read, and no other', async t => {
	const {hear, asked, states} = stage(t, {});
	const hears = (notice: Notice) => asked(() => hear(notice));

	await hear('lost');
	t.is(await hears('links'), 'readDevices readVlans');
	t.is(await hears(`forwarding ${vifB.mac}`), 'readForwarding');
	t.is(await hears('forwarding 02:00:00:00:00:09'), '');
	t.is(await hears(`queues ${indexes['vif3.0']}`), 'readQueues');
	t.is(await hears('queues 99'), '');
	t.is(await hears('queues -1'), 'readQueues');
	t.is(await hears('rules ip nat'), '');
	t.is(await hears('chains ip nat'), 'readBaseChains readDeviceHooks');
	t.is(states(), 1);
});

test("a device's queue that is made shorter is heard as a change of the device", async t => {
	const pfifo = {kind: 'pfifo_fast', handle: 0, isRoot: true, hasRate: false, limits: []};
	const knobs: Record<string, unknown> & Knobs = {
		files: {},
		readQueues: async () => [{...pfifo, ifindex: indexes['vif4.0']}],
	};
	const {hear, text} = stage(t, knobs);

	await hear('lost');
	t.is(text(), undefined);
	Object.assign(knobs, {
		readDevices: async () => plainDevices.map(device => ({...device, queueLength: 0})),
	});
	await hear('links');
	t.regex(text() ?? '', /^vif4\.0 has a tc qdisc \(pfifo_fast with txqueuelen 0,/);
});

test('a withdrawn permission is heard at once, and what nobody tells within half a second', async t => {
	const files: Record<string, string> = {};
	const knobs: Record<string, unknown> & Knobs = {files};
	const {hear, time, text} = stage(t, knobs);

	await hear('lost');
	t.is(text(), undefined);
	Object.assign(knobs, {
		readQueues: async () => [
			{
				ifindex: indexes['vif4.0'],
				kind: 'tbf',
				handle: 0,
				isRoot: true,
				hasRate: false,
				limits: [],
			},
		],
	});
	await hear(`queues ${indexes['vif4.0']}`);
	t.is(text(), 'vif4.0 has a tc qdisc (tbf), which would be bypassed');
	Object.assign(knobs, {readQueues: async () => []});
	await hear(`queues ${indexes['vif4.0']}`);
	t.is(text(), undefined);

	Object.assign(knobs, {
		attached: (ifindex: number) =>
			ifindex === indexes['vif3.0'] ? [{id: 7, name: 'drop_all'}] : [],
	});
	await time.pass(pollPeriod + 100);
	t.is(text(), 'vif3.0 has a tcx ingress program (id 7, name drop_all), which would be bypassed');
	Object.assign(knobs, {attached: () => []});
	await time.pass(pollPeriod + 100);
	files['/proc/sys/net/bridge/bridge-nf-call-iptables'] = '1';
	files['/proc/net/ip_tables_names'] = 'filter';
	await time.pass(pollPeriod + 100);
	t.is(text(), 'bridged packets pass legacy iptables (filter); its rules cannot be seen');
});

test('a change that a look at what is polled was first to read is heard all the same', async t => {
	const knobs: Record<string, unknown> & Knobs = {};
	const {hear, text, time} = stage(t, knobs);

	await hear('lost');
	// A change comes with the look, not before: whichever part asks first for the devices has it.
	for (let turn = 0; turn < 40; turn++) {
		const isolated = turn % 2 === 0;
		const devices = [
			bridgeDevice(),
			portDevice('vif3.0', {isolated}),
			portDevice('vif4.0', {isolated}),
		];

		await time.pass(13 * turn);
		Object.assign(knobs, {readDevices: async () => devices});
		await hear('links');
		await time.pass(100);
		t.is(text() === undefined, !isolated, `turn ${turn}`);
	}
});

test('nothing is read while nothing happens, but all once in a while, and the state stays the same', async t => {
	const {hear, asked, time, states} = stage(t, {});

	await hear('lost');
	t.is(await asked(() => time.pass(refreshPeriod - 2000)), '');
	t.regex(await asked(() => time.pass(4000)), /readBaseChains.*readDevices/);
	t.is(states(), 1);
});

test('a reading that fails keeps the last answer for its time, is tried again, and then refuses', async t => {
	const knobs: Record<string, unknown> & Knobs = {};
	const {hear, time, text} = stage(t, knobs);

	await hear('lost');
	Object.assign(knobs, {readQueues: () => Promise.reject(new Error('not now'))});
	await hear(`queues ${indexes['vif3.0']}`);
	await time.pass(keptFor - 1000);
	t.is(text(), undefined);
	await time.pass(2000);
	t.is(text(), 'Error: not now');
	Object.assign(knobs, {readQueues: async () => []});
	await time.pass(1000);
	t.is(text(), undefined);
	t.is(time.warnings.length, 1);
});

test('another device that comes and goes changes nothing; ours that went is its own obstacle', async t => {
	const all = [bridgeDevice(), portDevice('vif3.0'), portDevice('vif4.0')];
	const knobs: Record<string, unknown> & Knobs = {readDevices: async () => all};
	const {hear, text, states} = stage(t, knobs);

	await hear('lost');
	for (let turn = 0; turn < 40; turn++) {
		const devices = turn % 2 === 0 ? [...all, portDevice('vif5.0')] : all;

		Object.assign(knobs, {readDevices: async () => devices});
		await hear('links');
		t.is(text(), undefined);
	}
	t.is(states(), 1);
	Object.assign(knobs, {readDevices: async () => all.slice(0, 2)});
	await hear('links');
	t.is(text(), 'vif4.0 is not a port of xenbr0');
});

test('an entry that went while nobody asked for its address counts no more once somebody does', async t => {
	const time = fakeTime();
	const tools = fakeTools();
	const learned: ForwardingEntry = {
		...{mac: vifB.mac, vlan: 0, bridge: indexes.xenbr0, device: 99},
		...{kind: 'learned', isLocked: false},
	};
	const knobs: {entries: readonly ForwardingEntry[]} = {entries: [learned]};
	const firewall = openFirewall(
		{...tools, readForwarding: async () => knobs.entries},
		time.world,
	);
	const text = async () => refusalBetween(vifA, vifB, await firewall.read(ports))?.text;

	t.regex((await text()) ?? '', /sends frames for/);
	await firewall.read({devices: ports.devices, addresses: []});
	knobs.entries = [];
	t.is(await text(), undefined);
});

test('a device that came back has not been looked at, whatever was known under its name', async t => {
	const bridge = [bridgeDevice(), portDevice('vif3.0')];
	const knobs: Record<string, unknown> & Knobs = {
		readDevices: async () => [...bridge, portDevice('vif4.0')],
	};
	const {hear, text, time} = stage(t, knobs);
	let release = () => {};

	await hear('lost');
	t.is(text(), undefined);
	Object.assign(knobs, {
		readDevices: async () => [...bridge, portDevice('vif4.0', {}, {ifindex: 9})],
		readQueues: () => Promise.reject(new Error('not now')),
	});
	await hear('links');
	t.is(text(), "what dom0's rules say of vif4.0 has not been read yet");
	Object.assign(knobs, {
		readQueues: async () => {
			await new Promise<void>(resolve => (release = resolve));

			return [];
		},
	});
	await time.pass(600);
	release();
	await time.pass(100);
	t.is(text(), undefined);
});

for (const [way, before, after] of [
	['a port learns no more, as an entry was made', true, false],
	['a port floods again, and its entry goes', false, true],
] as const) {
	test(`what a port is set to and its entries are of one time: ${way}`, async t => {
		let floods: boolean = before;
		let isReadOnce = false;
		const entry: ForwardingEntry = {
			...{mac: vifB.mac, vlan: 0, bridge: indexes.xenbr0, device: indexes['vif4.0']},
			...({kind: 'fixed', isLocked: false} as const),
		};
		const found = stage(t, {
			readDevices: async () => [
				bridgeDevice(),
				portDevice('vif3.0'),
				portDevice('vif4.0', {floods}),
			],
			async readForwarding() {
				const entries = floods ? [] : [entry];

				// Both change just behind a reading of the entries, which then rests.
				if (isReadOnce && floods === before) {
					floods = after;
					found.say(`forwarding ${vifB.mac}`, 'links');
				}
				isReadOnce = true;

				return entries;
			},
		});

		await found.time.pass(1000);
		await found.hear(`forwarding ${vifB.mac}`);
		await found.time.pass(1000);

		t.is(floods, after);
		t.deepEqual(found.texts(), [undefined]);
	});
}
