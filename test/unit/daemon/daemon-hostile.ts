// SPDX-License-Identifier: MIT
//
// A guest writes what it likes below its own data node; nobody else may notice.
import test from 'ava';
import fc from 'fast-check';
import {createStage, type Stage} from './_stage.ts';

/** a and b are honest and live; c (domain 3) is announced to both and has no daemon. */
async function stageWithHostile(prepare: (stage: Stage) => void = () => {}): Promise<Stage> {
	const stage = createStage();
	prepare(stage);
	for (const domid of [0, 1, 2, 3]) {
		await stage.create(domid);
	}
	await stage.xen.write('/local/domain/3/data/coloop/hello', '1 1 0');
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.clock.until(
		'announced',
		async () => (await stage.xen.read('/local/domain/1/coloop/peers/3')) !== undefined,
	);

	return stage;
}

test('offers that are garbage go nowhere', async t => {
	const stage = await stageWithHostile();
	const epoch = (await stage.xen.read('/local/domain/3/coloop/peers/1'))?.split(' ')[0] ?? '';
	for (const value of [
		'',
		'garbage',
		`${epoch} offered 1 1`,
		`${epoch} offered 1 1 1 1`,
		`${Number(epoch) + 1} offered 1 8 1`,
		`${Number(epoch) - 1} offered 1 8 1`,
		`${epoch} offered 1 99999999999 1`,
		`${epoch} mapped 1 8 1`,
		'9'.repeat(2000),
	]) {
		await stage.xen.write('/local/domain/3/data/coloop/offers/1', value);
		await stage.clock.advance(300);
		t.is(await stage.xen.read('/local/domain/1/coloop/offers/3'), undefined, value);
	}
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('an offer that parses and lies costs its author its own channel only', async t => {
	const stage = await stageWithHostile();
	const epoch = (await stage.xen.read('/local/domain/3/coloop/peers/1'))?.split(' ')[0] ?? '';
	await stage.xen.write('/local/domain/3/data/coloop/offers/1', `${epoch} offered 1 4242 0`);
	await stage.clock.until(
		'refused',
		async () =>
			(await stage.xen.read('/local/domain/1/data/coloop/offers/3'))?.includes('closed') ??
			false,
	);
	t.true(stage.log.some(line => line.event === 'step.failed' && line.domid === 3));
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('thousands of nodes and names cost no reads', async t => {
	const stage = await stageWithHostile();
	for (let node = 0; node < 900; node++) {
		await stage.xen.write(`/local/domain/3/data/coloop/offers/${node}`, 'x');
	}
	await stage.clock.advance(1000);
	let reads = 0;
	stage.knobs(0).wrapping.before = operation => {
		if (operation !== 'watch') {
			reads += 1;
		}
	};
	await stage.xen.write('/local/domain/3/data/coloop/offers/77', 'y');
	await stage.clock.advance(200);
	t.true(reads < 40, String(reads));
	await stage.stopAll();
});

test('what a guest writes is read as far as its budget goes, whatever it is', async t => {
	const stage = await stageWithHostile();
	let requests = 0;
	stage.knobs(0).wrapping.before = (operation, path) => {
		requests += operation !== 'watch' && path.startsWith('/local/domain/3/') ? 1 : 0;
	};
	for (let ms = 0; ms < 20_000; ms += 10) {
		const node = ['offers/1', 'declined/2', 'hello', 'offers/77', 'junk'][(ms / 10) % 5];
		await stage.xen.write(`/local/domain/3/data/coloop/${node}`, `1 1 ${ms}`);
		await stage.clock.advance(10);
	}
	/* A burst of 100 and 4 for each domain, 20 a second, and the audit of this domain. */
	t.true(requests <= 116 + 20 * 20 + 2 * 20, String(requests));
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('garbage is judged once, and dom0 walks its rules for none of it', async t => {
	let [judged, walked] = [0, 0];
	const stage = await stageWithHostile(({knobs, rules}) => {
		const {held} = knobs(0);
		const get = rules.get.bind(rules);
		knobs(0).held = {...held, isPair: (a, b) => (judged++, held.isPair(a, b))};
		rules.get = ports => (walked++, get(ports));
	});
	const write = async (value: string) => {
		await stage.xen.write('/local/domain/3/data/coloop/offers/1', value);
		await stage.clock.advance(1);
	};
	t.true(judged > 0 && walked > 0);
	walked = 0;
	await write('garbage');
	await stage.clock.advance(300);
	judged = 0;
	for (let ms = 0; ms < 1000; ms++) {
		await write(`garbage ${ms}`);
	}
	t.deepEqual([judged, walked], [0, 0]);

	await stage.stopAll();
});

test('a pair that waits for its next life gets it while a guest pokes', async t => {
	const stage = await stageWithHostile();
	const peer = '/local/domain/1/coloop/peers/2';
	const ended = await stage.xen.read(peer);
	stage.kernel(1).fall(2, 'stalled', 'stalled');
	for (let ms = 0; ms < 1000; ms += 10) {
		await stage.xen.write('/local/domain/3/data/coloop/offers/1', `garbage ${ms}`);
		await stage.clock.advance(10);
	}
	t.not(await stage.xen.read(peer), ended);
	await stage.stopAll();
});

test('a hello that flaps gives its author few epochs and others none', async t => {
	const stage = await stageWithHostile();
	const kept = await stage.xen.read('/local/domain/1/coloop/peers/2');
	const epochs = new Set<string>();
	for (let turn = 0; turn < 200; turn++) {
		await stage.xen.write('/local/domain/3/data/coloop/hello', turn % 2 === 0 ? 'x' : '1 1 0');
		await stage.clock.advance(10);
		epochs.add((await stage.xen.read('/local/domain/1/coloop/peers/3'))?.split(' ')[0] ?? '');
	}
	t.true(epochs.size <= 12, String(epochs.size));
	t.is(await stage.xen.read('/local/domain/1/coloop/peers/2'), kept);
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test('no value whatever stops the daemons', async t => {
	const stage = await stageWithHostile();
	const node = fc.constantFrom('hello', 'offers/1', 'offers/2', 'offers/0', 'stats/1', 'offers');
	const value = fc.oneof(
		fc.string({unit: 'grapheme-ascii', maxLength: 60}),
		fc
			.tuple(
				fc.nat(),
				fc.constantFrom('offered', 'live', 'closed'),
				fc.nat(),
				fc.nat(),
				fc.nat(),
			)
			.map(words => words.join(' ')),
	);
	await fc.assert(
		fc.asyncProperty(node, value, async (at, text) => {
			await stage.xen.write(`/local/domain/3/data/coloop/${at}`, text);
			await stage.clock.advance(60);
		}),
		{numRuns: 200},
	);
	t.true(await stage.isLive(1, 2));
	t.false(stage.log.some(line => line.event === 'role.failed'));
	await stage.stopAll();
});
