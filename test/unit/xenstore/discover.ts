// SPDX-License-Identifier: MIT
import {availableParallelism} from 'node:os';
import test from 'ava';
import {listDomids, readDomain} from '../../../userland/xenstore/discover.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001';

async function hostWithGuest() {
	const tree = fakeXenStore();
	tree.introduce(3, 'web-1');
	const xen = tree.connect(0);
	await xen.write('/local/domain/3/vm', `/vm/${uuid.toUpperCase()}`);
	const vif = '/local/domain/0/backend/vif/3/0';
	await xen.write(`${vif}/mac`, '00:16:3E:00:00:03');
	await xen.write(`${vif}/state`, '4');

	return {tree, xen, vif};
}

test('a guest is what the toolstack wrote about it', async t => {
	const {xen} = await hostWithGuest();
	t.deepEqual(await listDomids(xen), [0, 3]);
	t.like(await readDomain(xen, 3), {
		domid: 3,
		name: 'web-1',
		uuid,
		hello: undefined,
		host: undefined,
		vifs: [
			{
				handle: 0,
				mac: '00:16:3e:00:00:03',
				device: 'vif3.0',
				state: 4,
				hasXdp: false,
				rate: undefined,
			},
		],
	});
});

test('a UUID is one of the form that toolstacks write, or none', async t => {
	const {xen} = await hostWithGuest();
	const said = async (vm: string) => {
		await xen.write('/local/domain/3/vm', vm);

		return (await readDomain(xen, 3)) as {uuid?: string};
	};
	t.is((await said(`/vm/${uuid}`)).uuid, uuid);
	const wrong = ['', uuid, `/vm/${uuid}-1`, `/vm/${uuid}/x`, `/vm/${uuid.slice(1)}`, '/vm/0'];
	for (const vm of [...wrong, `/vm/${uuid.replaceAll(/[0-9a-f]/g, '0')}`]) {
		t.is((await said(vm)).uuid, undefined, vm);
	}
});

test('a stub domain is no domain of its own, whatever its name and vifs', async t => {
	const {tree, xen} = await hostWithGuest();
	for (const [domid, name] of [
		[6, 'web-1-dm'],
		[7, 'anything'],
	] as const) {
		tree.introduce(domid, name);
		await xen.write(`/local/domain/0/backend/vif/${domid}/0/mac`, '00:16:3e:00:00:03');
		t.like(await readDomain(xen, domid), {name}, 'not before libxl says so');
		await xen.write(`/local/domain/${domid}/target`, '3');
		t.is(await readDomain(xen, domid), undefined);
	}
	tree.introduce(8, 'mail-dm');
	t.like(await readDomain(xen, 8), {name: 'mail-dm'}, 'a name says nothing');
	t.like(await readDomain(xen, 3), {vifs: [{handle: 0, device: 'vif3.0'}]});
	await t.throwsAsync(
		tree.connect(3).write('/local/domain/3/target', '4'),
		undefined,
		'a guest cannot say it',
	);
});

test('a vif may be named, limited, or not connected', async t => {
	const {xen, vif} = await hostWithGuest();
	await xen.write(`${vif}/vifname`, 'web1-eth0');
	await xen.write(`${vif}/rate`, '12500,50000');
	await xen.write(`${vif}/state`, '2');
	const domain = await readDomain(xen, 3);
	t.like(domain, {vifs: [{device: 'web1-eth0', rate: '12500,50000', state: 2}]});
});

test('a vif that was reconfigured is connected; netfront says whether for a program', async t => {
	const {tree, xen, vif} = await hostWithGuest();
	const first = async () => {
		const domain = await readDomain(xen, 3);

		return domain && 'vifs' in domain ? domain.vifs[0] : undefined;
	};
	await xen.write(`${vif}/state`, '8');
	t.like(await first(), {state: 8, hasXdp: true}, 'what is not said may be');
	await xen.write('/local/domain/3/device/vif/0/xdp-headroom', '256');
	t.like(await first(), {state: 8, hasXdp: true});
	await xen.write('/local/domain/3/device/vif/0/xdp-headroom', '0');
	t.like(await first(), {state: 8, hasXdp: false});
	for (const wrong of ['', '4 ', '44', 'x']) {
		await xen.write(`${vif}/state`, wrong);
		t.is((await first())?.state, undefined, wrong);
	}
	tree.release(3);
});

test('a vif whose netback runs in another domain is read from libxl', async t => {
	const {xen} = await hostWithGuest();
	const note = (handle: number, backend: number) =>
		xen.write(
			`/libxl/3/device/vif/${handle}/backend`,
			`/local/domain/${backend}/backend/vif/3/${handle}`,
		);
	await note(0, 0);
	await note(1, 5);
	await xen.write('/libxl/3/device/vif/2/backend', 'nonsense');
	t.like(await readDomain(xen, 3), {
		vifs: [{handle: 0}],
		foreignVifs: [{handle: 1, backend: 5}],
	});
});

test('a vif without an address is none', async t => {
	const {xen, vif} = await hostWithGuest();
	await xen.write(`${vif}/mac`, '');
	t.like(await readDomain(xen, 3), {vifs: []});
});

test("vCPUs are those on line; dom0's are this machine's until the toolstack says", async t => {
	const {xen} = await hostWithGuest();
	const vcpus = async (domid: number) => (await readDomain(xen, domid)) as {vcpus?: number};
	t.like(await vcpus(3), {vcpus: 1});
	t.like(await vcpus(0), {vcpus: availableParallelism()});
	for (const domid of [0, 3]) {
		for (const [cpu, state] of ['online', 'online', 'offline'].entries()) {
			await xen.write(`/local/domain/${domid}/cpu/${cpu}/availability`, state);
		}
		t.like(await vcpus(domid), {vcpus: 2});
	}
});

test('a hello that does not parse is none', async t => {
	const {tree, xen} = await hostWithGuest();
	const guest = tree.connect(3);
	await guest.write('data/coloop/hello', '1 1 0');
	t.like(await readDomain(xen, 3), {hello: {min: 1, max: 1, features: 0}});
	await guest.write('data/coloop/hello', '1 1 0 and more');
	t.like(await readDomain(xen, 3), {hello: undefined});
});

test('a domain without a name is none yet; with only our node it is what we left', async t => {
	const {xen} = await hostWithGuest();
	await xen.write('/local/domain/8/coloop/peers/3', 'x');
	t.deepEqual(await readDomain(xen, 8), {domid: 8, isLeftover: true});
	await xen.write('/local/domain/8/device', '');
	t.is(await readDomain(xen, 8), undefined);
});
