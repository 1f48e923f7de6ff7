// SPDX-License-Identifier: MIT
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {createContext, type ContextWorld} from '../../../../userland/daemon/host/context.ts';
import type {Port} from '../../../../userland/daemon/host/ports.ts';
import {createLog} from '../../../../userland/daemon/log.ts';
import {domain, topology} from '../_domains.ts';

const port: Port = {
	kind: 'vif',
	name: 'vif1.0',
	mac: '00:16:3e:00:00:01',
	bridge: 'xenbr0',
	vif: '0',
	mtu: 1500,
};

const contextOf = (world: ContextWorld) => createContext(world, () => {});

test('is read once, and again when in doubt or when a vif came', async t => {
	const asked: string[][] = [];
	const context = contextOf({
		topology: async () => topology([1, 2]),
		firewall: async devices => {
			asked.push([...devices]);

			return () => undefined;
		},
		log: createLog(() => {}),
	});
	await context.read([domain(1)]);
	await context.read([domain(1)]);
	t.deepEqual(asked, [['vif1.0', 'xenbr0', 'xenbr1']]);
	await context.read([domain(1), domain(2)]);
	t.is(asked.length, 2);
	context.invalidate();
	await context.read([domain(1), domain(2)]);
	t.is(asked.length, 3);
});

test('a doubt that comes during a read outlives it', async t => {
	let reads = 0;
	let release = () => {};
	const context = contextOf({
		topology: async () => topology([1]),
		firewall: async () => {
			reads += 1;
			await new Promise<void>(resolve => (release = resolve));

			return () => undefined;
		},
		log: createLog(() => {}),
	});
	const take = async (during: () => void) => {
		const taken = context.read([domain(1)]);
		await setImmediate();
		during();
		release();
		await taken;
	};
	await take(context.invalidate);
	await take(() => {});
	t.is(reads, 2);
	await take(() => {});
	t.is(reads, 2);
});

test('nobody waits for a refresh, and who asks after it has what it read', async t => {
	const reads: Array<(says: string | undefined) => void> = [];
	let changes = 0;
	const context = createContext(
		{
			topology: async () => topology([1]),
			firewall: async () => {
				const says = await new Promise<string | undefined>(resolve => reads.push(resolve));

				return () => says;
			},
			log: createLog(() => {}),
		},
		() => (changes += 1),
	);
	const ask = async () => (await context.read([domain(1)])).bypassed(port, port);
	context.refresh();
	const first = ask();
	await setImmediate();
	t.is(reads.length, 1);
	reads[0]?.(undefined);
	t.is(await first, undefined);

	context.refresh();
	t.is(await ask(), undefined);
	reads[1]?.('a rule');
	await setImmediate();
	t.is(changes, 1);
	t.is(await ask(), 'a rule');

	context.refresh();
	await setImmediate();
	context.invalidate();
	reads[2]?.('what was before the doubt');
	await setImmediate();
	const last = ask();
	await setImmediate();
	reads[3]?.('another');
	t.is(await last, 'another');
});

test('what a refresh cannot read, the next look says', async t => {
	let works = true;
	const context = contextOf({
		topology: async () => (works ? topology([1]) : Promise.reject(new Error('no socket'))),
		firewall: async () => () => undefined,
		log: createLog(() => {}),
	});
	await context.read([domain(1)]);
	works = false;
	context.refresh();
	await setImmediate();
	await t.throwsAsync(context.read([domain(1)]), {message: 'no socket'});
});

test('a firewall that cannot be read may hold anything', async t => {
	const lines: string[] = [];
	const context = contextOf({
		topology: async () => topology([1]),
		firewall: async () => {
			throw new Error('nft: not permitted');
		},
		log: createLog(line => lines.push(line)),
	});
	const {bypassed} = await context.read([domain(1)]);
	t.is(bypassed(port, port), "dom0's firewall could not be read: nft: not permitted");
	t.regex(lines[0] ?? '', /firewall\.unread/);
});
