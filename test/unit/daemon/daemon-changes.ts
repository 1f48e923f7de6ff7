// SPDX-License-Identifier: MIT
//
// The host role follows what changes: at once, and without reading what did not.
import test from 'ava';
import fc from 'fast-check';
import {storeRefusal} from '../../../userland/xenstore/errors.ts';
import {createStage, type Stage} from './_stage.ts';

async function stageOf(...guests: number[]): Promise<Stage> {
	const stage = createStage();
	for (const domid of [0, ...guests]) {
		await stage.create(domid);
	}
	for (const domid of [0, ...guests]) {
		stage.start(domid);
	}

	return stage;
}

const peer = (of: number, about: number) => `/local/domain/${of}/coloop/peers/${about}`;

/** What dom0's role asks XenStore for while `body` runs. */
async function requestsWhile(stage: Stage, body: () => Promise<unknown>): Promise<string[]> {
	const requests: string[] = [];
	stage.knobs(0).wrapping.before = (operation, path) => {
		if (operation !== 'watch') {
			requests.push(`${operation} ${path}`);
		}
	};
	await body();
	delete stage.knobs(0).wrapping.before;

	return requests;
}

test('a rename is heard at once, and changes the pairs of that domain only', async t => {
	const stage = await stageOf(1, 2, 3);
	await stage.connect(1, 2);
	const other = await stage.xen.read(peer(2, 3));
	stage.setPolicy(0, 'version: 1\npairs: [{deny: [a2, "*"]}, {allow: ["*", "*"]}]\n');
	await stage.clock.advance(1000);
	await stage.xen.write('/local/domain/1/name', 'a2');
	await stage.clock.advance(100);
	t.is(await stage.xen.read(peer(2, 1)), undefined);
	t.is(await stage.xen.read(peer(2, 3)), other);
	await stage.xen.write('/local/domain/1/name', 'a3');
	await stage.clock.advance(5000);
	t.regex((await stage.xen.read(peer(2, 1))) ?? '', /^\d+ a3 /);
	await stage.stopAll();
});

test('vCPUs that come are told at once', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	for (const domid of [1, 2]) {
		for (const cpu of [0, 1]) {
			const path = `/local/domain/${domid}/cpu/${cpu}/availability`;
			await stage.xen.write(path, 'online');
		}
	}
	await stage.clock.advance(100);
	t.regex((await stage.xen.read(peer(1, 2))) ?? '', / 2 uuid=\S+$/);
	t.true(await stage.isLive(1, 2), 'in the same epoch');
	await stage.stopAll();
});

test('idle guests cost 20 requests a second, however many, and all are looked at', async t => {
	const guests = Array.from({length: 30}, (_, index) => index + 1);
	const stage = createStage();
	for (const domid of [0, ...guests]) {
		await stage.create(domid);
		await stage.xen.write(`/local/domain/${domid}/data/coloop/hello`, '1 1 0');
	}
	stage.start(0, ['host']);
	await stage.clock.advance(20_000);
	const requests = await requestsWhile(stage, () => stage.clock.advance(60_000));
	t.true(requests.length <= 25 * 60, `${requests.length / 60} a second`);
	t.true(guests.every(domid => requests.includes(`read /local/domain/${domid}/name`)));
	await stage.stopAll();
});

test('what a handshake costs does not grow with the number of guests', async t => {
	const costs = [];
	for (const count of [2, 20]) {
		const guests = Array.from({length: count}, (_, index) => index + 1);
		const stage = createStage();
		for (const domid of [0, ...guests]) {
			await stage.create(domid);
			await stage.xen.write(`/local/domain/${domid}/data/coloop/hello`, '1 1 0');
		}
		for (const domid of [0, 1, 2]) {
			stage.start(domid, domid === 0 ? ['host'] : ['endpoint']);
		}
		await stage.clock.until(
			'announced',
			async () => (await stage.kernel(1).peers()).length === count,
		);
		const requests = await requestsWhile(stage, () => stage.connect(1, 2));
		costs.push(requests.filter(request => /\/domain\/[12]\//.test(request)).length);
		await stage.stopAll();
	}
	t.is(costs[0], costs[1]);
});

test('a write that XenStore refuses is the trouble of its domain alone', async t => {
	for (const name of ['E2BIG', 'EACCES', 'ENOENT', 'ENOSPC', 'EINVAL']) {
		const stage = createStage();
		for (const domid of [0, 1, 2, 3]) {
			await stage.create(domid);
		}
		stage.knobs(0).wrapping.before = (operation, path) => {
			if (operation === 'write' && path.startsWith('/local/domain/3/coloop')) {
				throw storeRefusal(path, name);
			}
		};
		for (const domid of [0, 1, 2, 3]) {
			stage.start(domid);
		}
		await stage.connect(1, 2);
		await stage.clock.advance(120_000);
		t.true(await stage.isLive(1, 2));
		const told = stage.log.filter(({event}) => event === 'write.refused');
		t.is(told.length, 1, `${name}: said once`);
		t.false(stage.log.some(({event}) => event === 'role.failed'));
		t.is(await stage.xen.read(peer(1, 3)), undefined, 'nor half announced');

		delete stage.knobs(0).wrapping.before;
		await stage.connect(1, 3);
		await stage.stopAll();
	}
});

test('an announcement that is too large is taken back at the other end, and tried again', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2, 3]) {
		await stage.create(domid);
	}
	let isTooLarge = true;
	let tries = 0;
	stage.knobs(0).wrapping.before = (operation, path) => {
		if (operation === 'write' && path === peer(1, 3) && isTooLarge) {
			tries += 1;
			throw storeRefusal(path, 'E2BIG');
		}
	};
	for (const domid of [0, 1, 2, 3]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.connect(2, 3);
	await stage.clock.advance(600);
	t.is(await stage.xen.read(peer(3, 1)), undefined);
	await stage.clock.advance(300_000);
	t.true(tries >= 5 && tries <= 14, String(tries));
	t.is(stage.log.filter(({event}) => event === 'write.refused').length, 1);
	isTooLarge = false;
	await stage.clock.advance(60_000);
	await stage.connect(1, 3);
	await stage.stopAll();
});

test('a tree that somebody emptied, or that was made anew, is written anew', async t => {
	const stage = await stageOf(1, 2, 3);
	await stage.connect(1, 2);
	await stage.xen.remove('/local/domain/1/coloop');
	await stage.clock.until(
		'told again',
		async () => (await stage.xen.read(peer(1, 2))) !== undefined,
		40_000,
	);
	await stage.connect(1, 2);
	await stage.stop(3);
	await stage.destroy(3);
	await stage.create(3);
	stage.start(3);
	await stage.connect(1, 3);
	t.pass();
	await stage.stopAll();
});

/** What may happen to a host, each as a step of a test. */
const events = fc.array(
	fc.record({
		what: fc.constantFrom(
			'rename',
			'bridge',
			'hello',
			'silence',
			'policy',
			'rule',
			'restart',
			'destroy',
			'connect',
			'state',
			'junk',
			'lose',
		),
		who: fc.integer({min: 1, max: 4}),
		other: fc.integer({min: 1, max: 4}),
		wait: fc.constantFrom(0, 1, 50, 700, 20_000),
	}),
	{maxLength: 14},
);

const policies = [
	'version: 1\npairs: [{allow: ["*", "*"]}]\n',
	'version: 1\npairs: [{deny: [b, "*"]}, {allow: ["*", "*"]}]\n',
	'version: 1\npairs: [{allow: [a, "*"], ring_pages: 64}]\n',
];

test('after any events XenStore says what a host role would that saw only the end', async t => {
	t.timeout(240_000);
	await fc.assert(
		fc.asyncProperty(events, async list => {
			const stage = createStage();
			for (const domid of [0, 1, 2, 3, 4]) {
				await stage.create(domid);
			}
			stage.start(0, ['host']);
			for (const domid of [1, 2]) {
				stage.start(domid);
			}
			for (const [index, {what, who, other, wait}] of list.entries()) {
				await happen(stage, what, who, other, index);
				await stage.clock.advance(wait);
			}
			delete stage.knobs(0).wrapping.arrivals;
			/* Past every backoff, and once round by the audit. */
			await stage.clock.advance(120_000);
			const before = withoutOurs(await stage.tree());
			await stage.stop(0);
			stage.start(0, ['host']);
			await stage.clock.advance(2000);
			t.deepEqual(withoutOurs(await stage.tree()), before);
			t.deepEqual(
				stage.log.filter(({event, role}) => event === 'role.failed' && role === 'host'),
				[],
			);
			await stage.stopAll();
		}),
		{numRuns: 60},
	);
});

async function happen(
	stage: Stage,
	what: string,
	who: number,
	other: number,
	index: number,
): Promise<void> {
	const said = `/local/domain/${who}/data/coloop`;
	const isThere = (await stage.xen.read(`/local/domain/${who}/domid`)) !== undefined;
	switch (what) {
		case 'rename':
			return isThere ? stage.xen.write(`/local/domain/${who}/name`, `n${index}`) : undefined;
		case 'bridge':
			return stage.bridge(who, index % 2 ? 'xenbr0' : 'xenbr1');
		case 'hello':
			return isThere
				? stage.xen.write(`${said}/hello`, `1 1 ${index % 3 ? 65_537 : 0}`)
				: undefined;
		case 'silence':
			return stage.xen.remove(said);
		case 'policy':
			return stage.setPolicy(0, policies[index % 3] ?? '');
		case 'rule': {
			const ports = [`vif${who}.0`, `vif${other}.0`].sort().join();
			stage.rules.set(ports, 'drop');
			if (index % 2) {
				stage.rules.delete(ports);
			}

			return stage.knobs(0).poke();
		}
		case 'restart':
			await stage.stop(0);

			return void stage.start(0, ['host']);
		case 'destroy':
			await stage.destroy(who);

			return stage.create(who);
		case 'connect':
			return stage.connect(1, 2).catch(() => {});
		case 'state':
			return stage.xen.write(
				`/local/domain/0/backend/vif/${who}/0/state`,
				index % 2 ? '4' : '5',
			);
		case 'junk':
			return isThere
				? stage.xen.write(`${said}/offers/${other}`, `${index} offered 1 8 9`)
				: undefined;
		default:
			stage.knobs(0).wrapping.arrivals = () => index % 2;
	}
}

/** Epochs may differ where one is being tried again; counters and the host's own number do. */
function withoutOurs(tree: Record<string, string>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(tree).filter(([path]) => !/\/host$|\/stats\//.test(path)),
	);
}
