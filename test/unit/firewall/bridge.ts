// SPDX-License-Identifier: MIT
import test from 'ava';
import {separatedByBridge, type BridgeState} from '../../../userland/firewall/bridge.ts';
import {indexForwarding} from '../../../userland/firewall/forwarding.ts';
import type {BridgeSettings, PortSettings} from '../../../userland/kernel/devices.ts';
import type {ForwardingEntry} from '../../../userland/kernel/forwarding.ts';
import type {PortVlans} from '../../../userland/kernel/vlans.ts';
import {host, vifA, vifB} from './_fixtures.ts';
import {bridgeDevice, indexes, portDevice} from './_tools.ts';

type Changes = {
	readonly a?: Partial<PortSettings>;
	readonly b?: Partial<PortSettings>;
	readonly bridge?: Partial<BridgeSettings>;
	readonly vlans?: Readonly<Record<string, PortVlans>> | 'untold';
	/** Beside dom0's own. */
	readonly entries?: readonly ForwardingEntry[];
};

function entry(
	mac: string,
	device: keyof typeof indexes,
	kind: ForwardingEntry['kind'],
	more: Partial<ForwardingEntry> = {},
): ForwardingEntry {
	const where = {bridge: indexes.xenbr0, device: indexes[device]};

	return {mac, vlan: 0, ...where, kind, isLocked: false, ...more};
}

const own = entry(host.mac, 'xenbr0', 'local');

function state({a, b, bridge, vlans = {}, entries = []}: Changes = {}): BridgeState {
	const devices = [
		bridgeDevice(bridge),
		portDevice('vif3.0', a),
		portDevice('vif4.0', b),
		portDevice('vif5.0'),
	];

	return {
		devices: new Map(devices.map(device => [device.name, device])),
		vlans: vlans === 'untold' ? undefined : new Map(Object.entries(vlans)),
		forwarding: indexForwarding([...entries, own], undefined, new Map()),
	};
}

const guests = (changes?: Changes) => separatedByBridge(vifA, vifB, state(changes))?.text;
const dom0 = (changes?: Changes) => separatedByBridge(vifA, host, state(changes))?.text;

test('two ports of one bridge reach each other, and dom0', t => {
	t.is(guests(), undefined);
	t.is(dom0(), undefined);
});

test('two bridges', t => {
	const other = {...vifB, bridge: 'xenbr1'};

	t.is(separatedByBridge(vifA, other, state())?.text, 'vif3.0 is on xenbr0, vif4.0 is on xenbr1');
});

test('a port that left its bridge, or never was there', t => {
	const {devices, ...rest} = state();
	const moved = new Map(devices).set('vif3.0', portDevice('vif3.0', {}, {master: 99}));

	t.is(
		separatedByBridge(vifA, vifB, {...rest, devices: moved})?.text,
		'vif3.0 is not a port of xenbr0',
	);
	t.is(
		separatedByBridge(vifA, {...vifB, name: 'vif9.0'}, state())?.text,
		'vif9.0 is not a port of xenbr0',
	);
	t.is(
		separatedByBridge(vifA, {...host, name: 'vif4.0'}, state())?.text,
		'vif4.0 is no Linux bridge',
	);
});

test('a port that the spanning tree blocks', t => {
	t.is(guests({b: {state: 'blocking'}}), 'vif4.0 is not forwarding on xenbr0, it is blocking');
});

test('isolated ports reach dom0, but not each other', t => {
	const both = {a: {isolated: true}, b: {isolated: true}};

	t.is(guests(both), 'vif3.0 and vif4.0 are isolated ports of xenbr0');
	t.is(guests({a: {isolated: true}}), undefined);
	t.is(dom0(both), undefined);
});

test('what a port does that nobody here knows is named', t => {
	t.is(
		guests({a: {tunnels: true}}),
		'vif3.0 translates VLANs to tunnels on xenbr0 (vlan_tunnel)',
	);
	t.is(
		guests({b: {unknown: [50, 51]}}),
		'vif4.0 has settings that this version does not know: IFLA_BRPORT 50, IFLA_BRPORT 51',
	);
});

test('a locked port lets in what has a lasting entry there, and nothing else', t => {
	const locked = (...entries: ForwardingEntry[]) => guests({a: {locked: true}, entries});
	const text =
		'vif3.0 is a locked port of xenbr0, which has no lasting entry for 00:16:3e:00:00:03 there: `bridge fdb replace 00:16:3e:00:00:03 dev vif3.0 master static` makes one';

	t.is(locked(), text);
	t.is(locked(entry(vifA.mac, 'vif3.0', 'learned')), text);
	t.is(locked(entry(vifA.mac, 'vif5.0', 'fixed')), text);
	t.is(locked(entry(vifA.mac, 'vif3.0', 'fixed', {isLocked: true})), text);
	t.is(locked(entry(vifA.mac, 'vif3.0', 'fixed')), undefined);
	t.is(dom0({a: {locked: true}}), text);
});

const sends = (place: string, how: string, to = 'vif4.0', mac = vifB.mac) =>
	`xenbr0 sends frames for ${mac} to ${place}, not to ${to}: \`bridge fdb show br xenbr0\` has a ${how} entry`;

test('an entry on another port takes the frames there, whoever made it', t => {
	t.is(guests({entries: [entry(vifB.mac, 'vif5.0', 'fixed')]}), sends('vif5.0', 'static'));
	t.is(guests({entries: [entry(vifB.mac, 'vif5.0', 'learned')]}), sends('vif5.0', 'learned'));
	t.is(
		guests({entries: [entry(vifA.mac, 'vif4.0', 'fixed')]}),
		sends('vif4.0', 'static', 'vif3.0', vifA.mac),
	);
	t.is(dom0({entries: [entry(vifB.mac, 'vif5.0', 'fixed')]}), undefined);
	t.is(guests({entries: [entry(vifB.mac, 'vif5.0', 'fixed', {bridge: 99})]}), undefined);
	t.is(guests({entries: [entry(vifB.mac, 'vif4.0', 'fixed')]}), undefined);
});

test('a local entry takes the frames to dom0, even on the right port, but not those of dom0', t => {
	const onPort = {entries: [entry(vifB.mac, 'vif4.0', 'local')]};
	const onBridge = {entries: [entry(vifB.mac, 'xenbr0', 'local')]};
	const dom0Itself = (name: string) => `dom0 itself, by a local entry on ${name}`;

	t.is(guests(onPort), sends(dom0Itself('vif4.0'), 'permanent'));
	t.is(guests(onBridge), sends(dom0Itself('xenbr0'), 'permanent'));
	t.is(separatedByBridge(host, vifB, state(onPort)), undefined);
	t.is(
		separatedByBridge(host, vifB, state(onBridge))?.text,
		sends(dom0Itself('xenbr0'), 'permanent'),
	);
});

test("dom0's address is local; a guest's port that has it takes it from dom0", t => {
	const without = {...state(), forwarding: indexForwarding([], undefined, new Map())};
	const stolen = indexForwarding([entry(host.mac, 'vif5.0', 'fixed')], undefined, new Map());

	t.is(
		separatedByBridge(vifA, host, without)?.text,
		'xenbr0 has no entry for its own address 00:16:3e:00:00:01, so dom0 does not get what vif3.0 sends',
	);
	t.is(
		separatedByBridge(vifA, host, {...without, forwarding: stolen})?.text,
		sends('vif5.0', 'static', 'xenbr0', host.mac),
	);
});

test('a port without unknown unicast is reached only through an entry', t => {
	const quiet = (...entries: ForwardingEntry[]) => ({b: {floods: false}, entries});
	const text =
		'vif4.0 takes no unknown unicast (flood off, or proxy ARP), and xenbr0 has no entry for 00:16:3e:00:00:04 there: `bridge fdb replace 00:16:3e:00:00:04 dev vif4.0 master static` makes one';

	t.is(guests(quiet()), text);
	t.is(guests(quiet(entry(vifB.mac, 'vif4.0', 'learned'))), undefined);
	t.is(guests(quiet(entry(vifB.mac, 'vif4.0', 'fixed'))), undefined);
	t.is(separatedByBridge(host, vifB, state(quiet()))?.text, text);
	t.is(dom0(quiet()), undefined);
});

const vlan = (
	pvid: number | undefined,
	untagged: readonly number[] = [],
	stopped: ReadonlyArray<readonly [number, string]> = [],
): PortVlans => ({pvid, untagged: new Set(untagged), stopped: new Map(stopped)});
const filtered = (vlans: Record<string, PortVlans>, entries: readonly ForwardingEntry[] = []) => ({
	bridge: {filtersVlans: true},
	vlans,
	entries: [...entries, entry(host.mac, 'xenbr0', 'local', {vlan: 10})],
});

test('VLANs keep ports apart, where the bridge looks at them', t => {
	const apart = {'vif3.0': vlan(10, [10]), 'vif4.0': vlan(20, [20]), xenbr0: vlan(10, [10])};

	t.is(guests({vlans: apart}), undefined);
	t.is(guests(filtered(apart)), 'xenbr0 keeps vif3.0 (10) and vif4.0 (20) in different VLANs');
	t.is(dom0(filtered(apart)), undefined);
	t.is(guests(filtered({'vif3.0': vlan(10, [10]), 'vif4.0': vlan(10, [10])})), undefined);
});

test('one VLAN is not enough: frames must leave untagged, both ways, and enter somewhere', t => {
	const text = 'xenbr0 keeps vif3.0 (10) and vif4.0 (10) in different VLANs';
	const both = {'vif3.0': vlan(10, [10, 20]), 'vif4.0': vlan(20, [10, 20])};

	t.is(guests(filtered({'vif3.0': vlan(10, [10]), 'vif4.0': vlan(10)})), text);
	t.is(guests(filtered({'vif3.0': vlan(10), 'vif4.0': vlan(10, [10])})), text);
	t.is(guests(filtered({})), 'xenbr0 keeps vif3.0 (none) and vif4.0 (none) in different VLANs');
	t.is(guests(filtered(both)), undefined);
});

test('a VLAN that is stopped at a port stops it there, whichever way, and dom0 too', t => {
	const open = vlan(10, [10, 11]);
	const stopped = vlan(10, [10, 11], [[10, 'blocking']]);
	const other = vlan(10, [10, 11], [[11, 'blocking']]);
	const text = (name: string) => `VLAN 10 of ${name} is not forwarding on xenbr0, it is blocking`;

	t.is(guests(filtered({'vif3.0': stopped, 'vif4.0': open})), text('vif3.0'));
	t.is(guests(filtered({'vif3.0': open, 'vif4.0': stopped})), text('vif4.0'));
	t.is(guests(filtered({'vif3.0': open, 'vif4.0': other})), undefined);
	t.is(dom0(filtered({'vif3.0': open, xenbr0: stopped})), text('xenbr0'));
	t.is(
		dom0(filtered({'vif3.0': open})),
		'xenbr0 keeps vif3.0 (10) and xenbr0 (none) in different VLANs',
	);
});

test('VLANs that the kernel does not tell may be anything', t => {
	t.is(
		guests({bridge: {filtersVlans: true}, vlans: 'untold'}),
		"xenbr0 filters VLANs, and dom0's kernel does not tell which",
	);
});

test('entries count in the VLAN that the frames are in', t => {
	const vlans = {'vif3.0': vlan(10, [10]), 'vif4.0': vlan(10, [10]), xenbr0: vlan(10, [10])};
	const at = (number: number) => entry(vifB.mac, 'vif5.0', 'fixed', {vlan: number});
	const local = (number: number) => entry(host.mac, 'xenbr0', 'local', {vlan: number});
	const onlyInVlan0 = (localInVlan0: boolean) =>
		dom0({bridge: {filtersVlans: true, localInVlan0}, vlans, entries: [local(0)]});

	t.is(guests(filtered(vlans, [at(0)])), undefined);
	t.is(guests(filtered(vlans, [at(20)])), undefined);
	t.regex(guests(filtered(vlans, [at(10)])) ?? '', / in VLAN 10 to vif5\.0, not to vif4\.0/);
	t.regex(onlyInVlan0(false) ?? '', /no entry for its own address/);
	t.is(onlyInVlan0(true), undefined);
});

test('of the addresses asked for, entries are left out that were learned where they belong and are not needed', t => {
	const {devices} = state();
	const addresses = [
		{mac: vifA.mac, device: 'vif3.0'},
		{mac: vifB.mac, device: 'vif4.0'},
		{mac: vifB.mac, device: 'vif5.0'},
	];
	const entries = [
		entry(vifA.mac, 'vif3.0', 'learned'),
		entry(vifA.mac, 'vif3.0', 'fixed', {vlan: 1}),
		entry(vifB.mac, 'vif4.0', 'learned'),
		entry('02:00:00:00:00:09', 'vif5.0', 'learned'),
	];
	const left = [...indexForwarding(entries, addresses, devices).values()].flat();
	const quiet = state({a: {floods: false}}).devices;
	const ofQuiet = [...indexForwarding(entries, addresses, quiet).values()].flat();

	t.deepEqual(left, [entries[1], entries[2]]);
	t.deepEqual(ofQuiet, [entries[0], entries[1], entries[2]]);
});
