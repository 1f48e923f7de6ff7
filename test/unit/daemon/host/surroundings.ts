// SPDX-License-Identifier: MIT
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {createSurroundings} from '../../../../userland/daemon/host/surroundings.ts';
import type {Port} from '../../../../userland/daemon/host/ports.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {domain, topology} from '../_domains.ts';

const port: Port = {
	kind: 'vif',
	name: 'vif1.0',
	mac: '00:16:3e:00:00:01',
	bridge: 'xenbr0',
	vif: '0',
	rate: undefined,
};

test('is read once, and again when in doubt or when a vif came', async t => {
	const asked: string[][] = [];
	const surroundings = createSurroundings({
		topology: async () => topology([1, 2]),
		firewall: async devices => {
			asked.push([...devices]);
			return () => undefined;
		},
		log: createLog(() => {}),
	});
	await surroundings.take([domain(1)]);
	await surroundings.take([domain(1)]);
	t.deepEqual(asked, [['vif1.0', 'xenbr0', 'xenbr1']]);
	await surroundings.take([domain(1), domain(2)]);
	t.is(asked.length, 2);
	surroundings.doubt();
	await surroundings.take([domain(1), domain(2)]);
	t.is(asked.length, 3);
});

test('a doubt that comes during a read outlives it', async t => {
	let reads = 0;
	let release = () => {};
	const surroundings = createSurroundings({
		topology: async () => topology([1]),
		firewall: async () => {
			reads += 1;
			await new Promise<void>(resolve => (release = resolve));
			return () => undefined;
		},
		log: createLog(() => {}),
	});
	const take = async (during: () => void) => {
		const taken = surroundings.take([domain(1)]);
		await setImmediate();
		during();
		release();
		await taken;
	};
	await take(surroundings.doubt);
	await take(() => {});
	t.is(reads, 2);
	await take(() => {});
	t.is(reads, 2);
});

test('the rules are asked once about two ports, until they are read again', async t => {
	const asked: string[] = [];
	const surroundings = createSurroundings({
		topology: async () => topology([1, 2]),
		firewall: async () => (a, b) => {
			asked.push(`${a.mac} ${b.mac}`);
			return a.mac === b.mac ? 'the same' : undefined;
		},
		log: createLog(() => {}),
	});
	const other = {...port, name: 'vif2.0'};
	const changed = {...other, mac: '00:16:3e:00:00:02'};
	for (let turn = 0; turn < 2; turn++) {
		const {bypassed} = await surroundings.take([domain(1), domain(2)]);
		t.is(bypassed(port, other), 'the same');
		t.is(bypassed(port, changed), undefined);
	}
	t.is(asked.length, 2);
	surroundings.doubt();
	const {bypassed} = await surroundings.take([domain(1), domain(2)]);
	bypassed(port, changed);
	t.is(asked.length, 3);
});

test('a firewall that cannot be read may hold anything', async t => {
	const lines: string[] = [];
	const surroundings = createSurroundings({
		topology: async () => topology([1]),
		firewall: async () => {
			throw new Error('nft: not permitted');
		},
		log: createLog(line => lines.push(line)),
	});
	const {bypassed} = await surroundings.take([domain(1)]);
	t.is(bypassed(port, port), "dom0's firewall could not be read: nft: not permitted");
	t.regex(lines[0] ?? '', /firewall\.unread/);
});
