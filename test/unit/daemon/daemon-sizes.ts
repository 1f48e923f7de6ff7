// SPDX-License-Identifier: MIT
import test from 'ava';
import {createStage, type Stage} from './_stage.ts';

const [small, large] = [5, 8];
const flood = {txBytes: 10n ** 9n, backlogged: 100n};

/** A live channel between guests 1 and 2. */
async function stageWithChannel(): Promise<Stage> {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);

	return stage;
}

/** Sizes of the rings of 1 and of 2, as 1 knows them. */
async function orders(stage: Stage): Promise<unknown[]> {
	const peers = await stage.kernel(1).peers();
	const channel = peers.find(({domid}) => domid === 2)?.channel;

	return [channel?.order, channel?.remoteOrder];
}

/** The ring of 1 is full whenever it is looked at, until it has grown and is live again. */
async function grow(stage: Stage): Promise<void> {
	const log = stage.log.length;
	await stage.clock.until('1 has seen it twice', async () => {
		stage.kernel(1).carry(2, flood);

		return stage.log.slice(log).some(({event}) => event === 'size.chosen');
	});
	await stage.clock.until('the small one is over', async () => !(await stage.isLive(1, 2)));
	await stage.connect(1, 2);
}

test('a channel begins small, and the side that fills its ring grows', async t => {
	const stage = await stageWithChannel();
	t.deepEqual(await orders(stage), [small, small]);

	const start = stage.clock.now();
	await grow(stage);
	t.true(stage.clock.now() - start < 3000);
	t.deepEqual(await orders(stage), [large, small]);
	const lines = stage.log.filter(({event}) => event === 'size.chosen');
	t.is(lines.length, 1);
	t.like(lines[0], {domid: 2, peer: 'b', reason: 'full', from: 128 << 10, to: 1 << 20});

	await stage.clock.advance(60_000);
	stage.kernel(1).carry(2, flood);
	t.deepEqual(await orders(stage), [large, small], 'nothing is left to grow to');
	await stage.stopAll();
});

test('ten quiet minutes make it small again, at the next packet', async t => {
	const stage = await stageWithChannel();
	await grow(stage);
	await stage.clock.advance(560_000);
	t.deepEqual(await orders(stage), [large, small]);
	await stage.clock.advance(70_000);
	t.is(await stage.state(1, 2), 'closed');
	t.like(stage.log.filter(({event}) => event === 'size.chosen')[1], {reason: 'quiet'});
	await stage.connect(1, 2);
	t.deepEqual(await orders(stage), [small, small]);
	await stage.stopAll();
});

test('a live channel that is too large for a new policy becomes smaller', async t => {
	const stage = await stageWithChannel();
	await grow(stage);
	stage.setPolicy(
		0,
		`version: 1\npairs:\n  - allow: ['*', '*']\n    ring_pages: 64\naccept:\n  - allow: '*'\n`,
	);
	await stage.clock.until('1 gives it up', async () => !(await stage.isLive(1, 2)));
	const last = stage.log.filter(({event}) => event === 'size.chosen').at(-1);
	t.like(last, {reason: 'policy', from: 1 << 20, to: 256 << 10});
	await stage.connect(1, 2);
	t.deepEqual(await orders(stage), [6, small]);
	await stage.stopAll();
});

test('a restarted daemon leaves a channel its size', async t => {
	const stage = await stageWithChannel();
	await grow(stage);
	await stage.stop(1);
	stage.start(1);
	await stage.clock.advance(60_000);
	t.true(await stage.isLive(1, 2));
	t.deepEqual(await orders(stage), [large, small]);
	await stage.stopAll();
});

test('where there is no memory for large rings, small ones serve', async t => {
	const stage = await stageWithChannel();
	let refusals = 0;
	stage.knobs(1).wrapping.offer = order => {
		if (order === small) {
			return;
		}
		refusals++;
		throw new Error('no memory or grants for a ring of 256 pages');
	};
	await grow(stage);
	t.deepEqual(await orders(stage), [small, small]);
	for (let look = 0; look < 60; look++) {
		stage.kernel(1).carry(2, flood);
		await stage.clock.advance(5000);
	}
	t.true(await stage.isLive(1, 2));
	t.is(refusals, 1, 'in the next ten minutes it is not tried again');
	await stage.stopAll();
});

/** Traffic goes on until both have a live channel. */
async function reconnect({clock, kernel, isLive}: Stage): Promise<void> {
	await clock.until('live again', async () => {
		if (await isLive(1, 2)) {
			return true;
		}
		kernel(1).want(2);

		return false;
	});
}

test('what failed before the rings were to grow does not keep them small', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	let refusals = 0;
	stage.knobs(1).wrapping.before = operation => {
		if (operation === 'attach' && refusals++ === 0) {
			throw new Error('no such event channel');
		}
	};
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.clock.until('1 knows 2', async () => (await stage.kernel(1).peers()).length > 1);
	await reconnect(stage);
	t.is(refusals, 2);
	t.deepEqual(await orders(stage), [small, small]);
	await grow(stage);
	/* After a life that short, dom0 takes its time to begin another. */
	await stage.clock.advance(10_000);
	await reconnect(stage);
	t.deepEqual(await orders(stage), [large, small]);
	await stage.stopAll();
});

test('a large channel that ends comes back large, if there is memory for it', async t => {
	const stage = await stageWithChannel();
	await grow(stage);
	await stage.clock.advance(1000);
	stage.kernel(1).fall(2, 'stalled', 'stalled');
	await reconnect(stage);
	t.deepEqual(await orders(stage), [large, small]);

	await stage.clock.advance(1000);
	stage.knobs(1).wrapping.offer = order => {
		if (order === large) {
			throw new Error('no memory or grants for a ring of 256 pages');
		}
	};
	stage.kernel(1).fall(2, 'stalled', 'stalled');
	await reconnect(stage);
	t.deepEqual(await orders(stage), [small, small]);
	await stage.stopAll();
});

test('while dom0 has no daemon a channel keeps its size, and is live', async t => {
	const stage = await stageWithChannel();
	await stage.stop(0);
	for (let look = 0; look < 20; look++) {
		stage.kernel(1).carry(2, flood);
		await stage.clock.advance(700);
		t.true(await stage.isLive(1, 2));
	}
	t.deepEqual(await orders(stage), [small, small]);
	stage.start(0);
	await stage.clock.until('the small one is over', async () => !(await stage.isLive(1, 2)));
	await stage.connect(1, 2);
	t.deepEqual(await orders(stage), [large, small]);
	await stage.stopAll();
});

test('policy fixes the size by a least that is the most', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.setPolicy(
		0,
		'version: 1\npairs: [{allow: ["*", "*"], ring_pages: 64, ring_pages_min: 64}]\n',
	);
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	t.deepEqual(await orders(stage), [6, 6]);
	for (let look = 0; look < 4; look++) {
		stage.kernel(1).carry(2, flood);
		await stage.clock.advance(5000);
	}
	await stage.clock.advance(1_200_000);
	t.true(await stage.isLive(1, 2));
	t.deepEqual(await orders(stage), [6, 6]);
	await stage.stopAll();
});

test('a module that tells of no full ring is looked at more often', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.kernel(1).setVersion(2);
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	const start = stage.clock.now();
	await grow(stage);
	t.true(stage.clock.now() - start < 8000);
	await stage.stopAll();
});

test('a stream that fills the largest ring makes no more looks than a quiet channel', async t => {
	const stage = await stageWithChannel();
	await grow(stage);
	await stage.clock.advance(60_000);
	let looks = 0;
	stage.knobs(1).wrapping.before = (operation, path) => {
		looks += operation === 'write' && path.includes('/stats/') ? 1 : 0;
	};
	for (let second = 0; second < 600; second++) {
		stage.kernel(1).carry(2, flood);
		await stage.clock.advance(1000);
	}
	t.true(looks >= 19 && looks <= 21, String(looks));
	await stage.stopAll();
});
