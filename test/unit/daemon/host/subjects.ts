// SPDX-License-Identifier: MIT
import test from 'ava';
import {createSubjects, subjectsOf} from '../../../../userland/daemon/host/subjects.ts';
import type {Domain} from '../../../../userland/xenstore/discover.ts';
import {domain, macOf, topology} from '../_domains.ts';

const bridge = topology([1, 2, 3]);

/** Two vifs on one bridge, one of each address. */
const [first, second] = [macOf(1), macOf(9)];
const twoVifs = domain(1, {
	vifs: [0, 1].map(handle => ({
		...{handle, mac: handle === 0 ? first : second, device: `vif1.${handle}`, state: 4},
		...{hasXdp: false, rate: undefined},
	})),
});
const wide = {
	...bridge,
	interfaces: [
		...bridge.interfaces,
		{ifindex: 110, name: 'vif1.1', mac: 'fe:ff:ff:ff:ff:ff', mtu: 1500, master: 2},
	],
};

function withMac(domid: number, mac: string): Domain {
	const {vifs, ...rest} = domain(domid);

	return {...rest, vifs: vifs.map(vif => ({...vif, mac}))};
}

test('of domains that are as they were the subjects are the same objects', t => {
	const subjects = createSubjects();
	const domains = [domain(0), domain(1), domain(2)];
	const before = subjects.renew(domains, bridge);
	const renamed = {...domain(2), name: 'other'};
	const after = subjects.renew([domains[0] ?? renamed, domains[1] ?? renamed, renamed], bridge);

	t.is(after.get(0), before.get(0));
	t.is(after.get(1), before.get(1));
	t.is(after.get(2)?.name, 'other');
	t.not(after.get(2)?.text, before.get(2)?.text);
});

test('what others are may make another subject of one that is as it was', t => {
	const subjects = createSubjects();
	const [a, b] = [domain(1), domain(2)];
	const calm = subjects.renew([a, b], bridge).get(1);
	const namesake = subjects.renew([a, {...b, name: a.name}], bridge).get(1);
	const twin = subjects.renew([a, withMac(2, macOf(1))], bridge).get(1);
	const moved = subjects.renew([a, b], topology([1, 2], [1])).get(1);
	const again = subjects.renew([a, b], bridge).get(1);

	t.is(calm?.misnamed, undefined);
	t.is(namesake?.misnamed?.code, 'name');
	t.deepEqual(
		twin?.ambiguousPorts.map(({name}) => name),
		['vif1.0'],
	);
	t.deepEqual(
		moved?.ports.map(port => port.bridge),
		['xenbr1'],
	);
	t.is(new Set([calm, namesake, twin, moved].map(each => each?.text)).size, 4);
	t.is(again?.text, calm?.text);
});

test('another of its ports is the one whose address is there twice', t => {
	const subjects = createSubjects();
	const at = (mac: string) => subjects.renew([twoVifs, withMac(2, mac)], wide).get(1);
	const [one, other] = [at(first), at(second)];

	t.deepEqual(
		one?.ambiguousPorts.map(({name}) => name),
		['vif1.0'],
	);
	t.deepEqual(
		other?.ambiguousPorts.map(({name}) => name),
		['vif1.1'],
	);
	t.not(one?.text, other?.text, 'so pairs of it are judged again');
});

test('whatever changes, it is what it would be from the start', t => {
	const subjects = createSubjects();
	const scenes = [
		[[twoVifs, domain(2)], wide],
		[[twoVifs, withMac(2, second)], wide],
		[[twoVifs], bridge],
		[[domain(0), twoVifs, withMac(2, first), withMac(3, first)], wide],
		[[domain(0), domain(1), {...domain(2), name: 'a'}], wide],
	] as const;

	for (const [domains, devices] of scenes) {
		t.deepEqual(subjects.renew(domains, devices), subjectsOf(domains, devices));
	}
});
