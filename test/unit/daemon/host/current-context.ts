// SPDX-License-Identifier: MIT
import test from 'ava';
import {setImmediate} from 'node:timers/promises';
import {createCurrentContext} from '../../../../userland/daemon/host/current-context.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import type {Domain} from '../../../../userland/xenstore/discover.ts';
import {systemClock} from '../../../../userland/daemon/clock.ts';

const mac = (domid: number) => `00:16:3e:00:00:0${domid}`;

function guest(domid: number): Domain {
	const vif = {handle: 0, mac: mac(domid), device: `vif${domid}.0`, state: 4};

	return {
		...{domid, name: `guest-${domid}`, uuid: undefined, vcpus: 1, host: undefined},
		...{foreignVifs: [], hello: undefined},
		vifs: [{...vif, hasXdp: false, rate: undefined}],
	};
}

/** A dom0 whose rules are read when the test lets it; `vifs` are those that they are known for. */
function stage(t: {teardown(work: () => void): void}) {
	const readings: Array<() => void> = [];
	const stop = new AbortController();
	const devices = ['xenbr0', 'vif3.0', 'vif4.0'].map((name, index) => ({
		...{name, ifindex: index + 2, mac: 'fe:ff:ff:ff:ff:ff', mtu: 1500},
		...(index > 0 && {master: 2}),
	}));
	const context = createCurrentContext(
		{
			hints: [],
			clock: systemClock(),
			log: createLog(() => {}),
			topology: async () => ({interfaces: devices, bridges: new Set(['xenbr0'])}),
			async firewall() {
				await new Promise<void>(resolve => readings.push(resolve));

				return () => undefined;
			},
		},
		() => {},
	);
	const [follow] = context.tasks;
	void follow?.(stop.signal);
	t.teardown(() => stop.abort());

	return {
		cover: (...domids: number[]) => context.cover(domids.map(guest)),
		vifs: () => [...(context.latest?.vifs ?? [])].sort(),
		/** The reading under way ends; the next may begin. */
		async read() {
			await setImmediate();
			readings.shift()?.();
			await setImmediate();
		},
	};
}

test('a vif is known once a reading that began with it is over', async t => {
	const {cover, vifs, read} = stage(t);

	cover(3);
	t.deepEqual(vifs(), []);
	await read();
	t.deepEqual(vifs(), ['vif3.0']);
	cover(3, 4);
	t.deepEqual(vifs(), ['vif3.0']);
	await read();
	t.deepEqual(vifs(), ['vif3.0', 'vif4.0']);
});

test('of a vif that went nothing is known until it has been read again', async t => {
	const {cover, vifs, read} = stage(t);
	cover(3, 4);
	await read();

	cover(3);
	t.deepEqual(vifs(), ['vif3.0']);
	await setImmediate();
	cover(3, 4);
	t.deepEqual(vifs(), ['vif3.0']);
	await read();
	t.deepEqual(vifs(), ['vif3.0', 'vif4.0']);
});

test('a reading that began before a vif went does not have it, though it is back', async t => {
	const {cover, vifs, read} = stage(t);
	cover(3, 4);
	await setImmediate();

	cover(3);
	cover(3, 4);
	await read();
	t.deepEqual(vifs(), ['vif3.0']);
	await read();
	t.deepEqual(vifs(), ['vif3.0', 'vif4.0']);
});
