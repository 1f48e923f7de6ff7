// SPDX-License-Identifier: MIT
import test from 'ava';
import {hostAlive} from '../../../userland/xenstore/paths.ts';
import {createStage, type Stage} from './_stage.ts';

/** dom0 and guests 1 (a) and 2 (b), each with its daemon. */
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

test('two guests get a channel by the first packet, within a second', async t => {
	const stage = await stageOf(1, 2);
	await stage.clock.advance(1000);
	t.is(await stage.state(1, 2), undefined, 'nobody has asked yet');

	const start = stage.clock.now();
	await stage.connect(1, 2);
	t.true(stage.clock.now() - start <= 1000);

	await stage.clock.advance(500);
	const tree = await stage.tree('/local/domain');
	const epoch = tree['/local/domain/1/coloop/peers/2']?.split(' ')[0];
	t.regex(
		tree['/local/domain/1/coloop/peers/2'] ?? '',
		/^\d+ b 0:\S+:01:\S+:02:1500 [0-9a-f]{8} - 1 uuid=[0-9a-f-]{36}$/,
	);
	t.regex(tree['/local/domain/1/data/coloop/offers/2'] ?? '', /^\d+ live 1 \d+ [1-9]\d*$/);
	t.regex(tree['/local/domain/2/data/coloop/offers/1'] ?? '', /^\d+ live 1 \d+ 0$/);
	t.is(
		tree['/local/domain/1/data/coloop/offers/2'],
		tree['/local/domain/2/coloop/offers/1'],
		'relayed as it is',
	);
	t.is(tree['/local/domain/2/coloop/peers/1']?.split(' ')[0], epoch);
	await stage.stopAll();
});

test('dom0 gets a channel with a guest the same way', async t => {
	const stage = await stageOf(1);
	await stage.connect(0, 1);
	t.true(await stage.isLive(0, 1));
	await stage.stopAll();
});

test('many guests make all their channels', async t => {
	const stage = await stageOf(1, 2, 3, 4);
	for (const [a, b] of [
		[1, 2],
		[1, 3],
		[2, 4],
		[3, 4],
		[0, 4],
	] as const) {
		await stage.connect(a, b);
	}
	t.true(await stage.isLive(1, 2));
	t.true(await stage.isLive(3, 4));
	await stage.stopAll();
});

test('a guest can read what is meant for it and nothing else', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	const permissions = await stage.xen.getPermissions('/local/domain/1/coloop/peers/2');
	t.deepEqual(permissions, [
		{domid: 0, access: 'none'},
		{domid: 1, access: 'read'},
	]);
	await stage.stopAll();
});

test('after the last change nothing is written any more', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	await stage.clock.advance(1000);
	const writes: string[] = [];
	for (const domid of [0, 1, 2]) {
		stage.knobs(domid).wrapping.before = (operation, path) => {
			if (!['read', 'list', 'watch'].includes(operation)) {
				writes.push(`${operation} ${path}`);
			}
		};
	}
	await stage.clock.advance(120_000);
	t.deepEqual(
		writes.filter(write => !write.includes('/stats/') && write !== `write ${hostAlive}`),
		[],
	);
	await stage.stopAll();
});

test('lost and repeated watch events only cost time', async t => {
	for (const arrivals of [() => 0, () => 3]) {
		const stage = createStage();
		for (const domid of [0, 1, 2]) {
			await stage.create(domid);
			stage.knobs(domid).wrapping.arrivals = arrivals;
		}
		for (const domid of [0, 1, 2]) {
			stage.start(domid);
		}
		await stage.clock.advance(60_000);
		stage.kernel(1).want(2);
		stage.kernel(2).want(1);
		await stage.clock.until('live', () => stage.isLive(1, 2), 200_000);
		t.pass();
		await stage.stopAll();
	}
});

test('counters reach dom0, and only when they change', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	await stage.clock.advance(6000);
	const path = '/local/domain/1/data/coloop/stats/2';
	t.regex((await stage.xen.read(path)) ?? '', /^\d+ 0 0 0 0$/);
	let writes = 0;
	stage.knobs(1).wrapping.before = operation => {
		if (operation === 'write') {
			writes += 1;
		}
	};
	await stage.clock.advance(60_000);
	t.is(writes, 0);
	await stage.stopAll();
});

test('counters that XenStore refuses keep nothing else from being done', async t => {
	const stage = await stageOf(1, 2, 3);
	const {wrapping} = stage.knobs(1);
	wrapping.before = (operation, path) => {
		if (operation === 'write' && path.includes('/stats/')) {
			throw new Error('EQUOTA');
		}
	};
	await stage.connect(1, 2);
	await stage.clock.advance(120_000);
	t.deepEqual(
		stage.log.filter(({event}) => event === 'role.failed'),
		[],
	);
	const lines = stage.log.filter(({event}) => event === 'stats.refused');
	t.is(lines.length, 1, 'said once, not at every look');
	t.like(lines[0], {domid: 2, peer: 'b', level: 'warn'});
	await stage.connect(1, 3);

	delete wrapping.before;
	await stage.clock.advance(30_000);
	for (const peer of [2, 3]) {
		const path = `/local/domain/1/data/coloop/stats/${peer}`;
		t.regex((await stage.xen.read(path)) ?? '', /^\d+ 0 0 0 0$/);
	}
	await stage.stopAll();
});

test('a pair that fails at once is tried ever more slowly', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	const epochs = new Set<string>();
	for (let second = 0; second < 60; second++) {
		if (await stage.isLive(1, 2)) {
			stage.kernel(1).fall(2, 'broken', 'bad-index');
		} else if ((await stage.state(1, 2)) !== 'offered') {
			stage.kernel(1).want(2);
		}
		await stage.clock.advance(1000);
		epochs.add((await stage.xen.read('/local/domain/1/coloop/peers/2'))?.split(' ')[0] ?? '');
	}
	t.true(epochs.size <= 12, String(epochs.size));
	t.true(epochs.size >= 3, String(epochs.size));
	await stage.stopAll();
});

test('a guest that resumes under another domid starts anew', async t => {
	const stage = await stageOf(1, 2);
	await stage.connect(1, 2);
	stage.kernel(1).suspend();
	await stage.stop(1);
	await stage.destroy(1);
	await stage.create(5);
	stage.start(5);
	await stage.connect(5, 2);
	await stage.clock.until('the old one is forgotten', async () =>
		(await stage.kernel(2).peers()).every(({domid}) => domid !== 1),
	);
	t.true(await stage.isLive(5, 2));
	await stage.stopAll();
});

test('an MTU that changes in dom0 reaches both modules, and the channel stays', async t => {
	const stage = await stageOf(1, 2);
	const mtuOf = async (of: number, about: number) => {
		const peer = (await stage.kernel(of).peers()).find(({domid}) => domid === about);

		return peer?.links[0]?.mtu;
	};
	await stage.connect(1, 2);
	t.deepEqual([await mtuOf(1, 2), await mtuOf(2, 1), await mtuOf(0, 1)], [1500, 1500, 1500]);
	const epoch = (await stage.kernel(1).peers())[0]?.epoch;

	for (const domid of [1, 2]) {
		stage.setMtu(domid, 9000);
	}
	await stage.clock.until('9000', async () => (await mtuOf(1, 2)) === 9000);
	stage.setMtu(2, 1400);
	await stage.clock.until('the smaller', async () => (await mtuOf(1, 2)) === 1400);
	await stage.clock.until('at both', async () => (await mtuOf(2, 1)) === 1400);
	t.is(await mtuOf(0, 1), 9000);
	t.true(await stage.isLive(1, 2));
	t.is((await stage.kernel(1).peers())[0]?.epoch, epoch);
	await stage.stopAll();
});

test('an end of before MTUs is told none', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.kernel(1).setVersion(1);
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	const tree = await stage.tree();
	t.regex(
		tree['/local/domain/1/coloop/peers/2'] ?? '',
		/:02 [0-9a-f]{8} - 1 uuid=[0-9a-f-]{36}$/,
	);
	t.regex(
		tree['/local/domain/2/coloop/peers/1'] ?? '',
		/:01:1500 [0-9a-f]{8} - 1 uuid=[0-9a-f-]{36}$/,
	);
	t.is(stage.log.filter(({event}) => event === 'step.failed').length, 0);

	/* An old module in place of a new one: what dom0 still says is not passed on. */
	stage.kernel(2).setVersion(1);
	await stage.kernel(2).peerDelete(1);
	await stage.connect(1, 2);
	t.is(stage.log.filter(({event}) => event === 'step.failed').length, 0);
	await stage.stopAll();
});
