// SPDX-License-Identifier: MIT
//
// Every way in which a live channel ends, and what is left in XenStore after it.
import test, {type ExecutionContext} from 'ava';
import {createStage, type Stage} from './_stage.ts';

async function live(): Promise<Stage> {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	await stage.clock.advance(6000);

	return stage;
}

/** Neither end knows the other, and nobody says anything about the pair. */
async function isGone(stage: Stage): Promise<boolean> {
	const kernels = await Promise.all(
		[1, 2].map(domid =>
			stage
				.kernel(domid)
				.peers()
				.catch(() => []),
		),
	);
	const peers = kernels.flat().filter(({domid}) => domid !== 0);
	const nodes = Object.keys(await stage.tree()).filter(path =>
		/\/(1|2)\/(coloop|data\/coloop)\/(peers|offers|stats)\/(1|2)$/.test(path),
	);

	return peers.length + nodes.length === 0;
}

async function endsAndComesBack(
	t: ExecutionContext,
	stage: Stage,
	end: () => unknown,
	back: () => unknown,
): Promise<void> {
	const epoch = await stage.xen.read('/local/domain/1/coloop/peers/2');
	await end();
	await stage.clock.until('gone', () => isGone(stage), 20_000);
	await back();
	await stage.connect(1, 2);
	t.not(await stage.xen.read('/local/domain/1/coloop/peers/2'), epoch);
	await stage.stopAll();
}

const deny = 'version: 1\npairs:\n  - deny: [a, b]\n';
const allow = 'version: 1\npairs:\n  - allow: [a, b]\naccept:\n  - allow: "*"\n';

test("dom0's policy denies the pair", async t => {
	const stage = await live();
	await endsAndComesBack(
		t,
		stage,
		() => stage.setPolicy(0, deny),
		() => stage.setPolicy(0, allow),
	);
});

test('a vif moves to another bridge', async t => {
	const stage = await live();
	const to = (name: 'xenbr0' | 'xenbr1') => () => stage.bridge(2, name);
	await endsAndComesBack(t, stage, to('xenbr1'), to('xenbr0'));
});

test('a vif is unplugged', async t => {
	const stage = await live();
	const path = '/local/domain/0/backend/vif/2/0/state';
	const set = (state: string) => () => stage.xen.write(path, state);
	await endsAndComesBack(t, stage, set('5'), set('4'));
});

test('a vif gets a rate limit', async t => {
	const stage = await live();
	const path = '/local/domain/0/backend/vif/2/0/rate';
	await endsAndComesBack(
		t,
		stage,
		() => stage.xen.write(path, '12500,50000'),
		() => stage.xen.remove(path),
	);
});

test('dom0 gets a rule that a channel would bypass', async t => {
	const stage = await live();
	const ports = 'vif1.0,vif2.0';
	await endsAndComesBack(
		t,
		stage,
		() => {
			stage.rules.set(ports, 'bridge filter forward: drop');
			stage.knobs(0).poke();
		},
		() => {
			stage.rules.delete(ports);
			stage.knobs(0).poke();
		},
	);
});

test('the module of one end is unloaded', async t => {
	const stage = await live();
	stage.kernel(2).unload();
	stage.setModule(2, 'absent');
	await stage.clock.until('gone', () => isGone(stage), 20_000);
	const nodes = Object.keys(await stage.tree('/local/domain/2'));
	t.false(nodes.some(path => path.includes('data/coloop')));
	t.is(await stage.state(1, 2), undefined);
	await stage.stopAll();
});

test('the peer is destroyed', async t => {
	const stage = await live();
	await stage.stop(2);
	await stage.destroy(2);
	await stage.clock.until(
		'forgotten',
		async () => (await stage.kernel(1).peers()).every(p => p.domid === 0),
		20_000,
	);
	const left = Object.keys(await stage.tree()).filter(path => /\/2$|domain\/2\//.test(path));
	t.deepEqual(left, []);
	await stage.stopAll();
});

test('a domain that dies while dom0 writes to it leaves nothing', async t => {
	const stage = await live();
	await stage.stop(2);
	/* As if the tree went away between dom0's last look and its write. */
	await stage.destroy(2);
	await stage.xen.write('/local/domain/2/coloop/peers/1', '7 a 0:x:y 00');
	await stage.clock.until(
		'swept',
		async () => !(await stage.xen.list('/local/domain')).includes('2'),
		20_000,
	);
	t.pass();
	await stage.stopAll();
});

test("the guest's own policy no longer accepts the peer", async t => {
	const stage = await live();
	stage.setPolicy(1, 'version: 1\naccept:\n  - deny: b\n');
	await stage.clock.until('closed', async () => (await stage.state(2, 1)) !== 'live', 20_000);
	t.is(await stage.state(1, 2), undefined);
	t.is(await stage.xen.read('/local/domain/1/data/coloop/offers/2'), undefined);
	stage.setPolicy(1, allow);
	await stage.connect(1, 2);
	await stage.stopAll();
});

for (const [state, reason] of [
	['broken', 'bad-index'],
	['stalled', 'stalled'],
	['closed', 'asked'],
] as const) {
	test(`the kernel says ${state}: a new epoch, and again a channel`, async t => {
		const stage = await live();
		const epoch = await stage.xen.read('/local/domain/1/coloop/peers/2');
		await stage.clock.advance(10_000);
		stage.kernel(1).fall(2, state, reason);
		await stage.clock.until(
			'a new epoch',
			async () => (await stage.xen.read('/local/domain/1/coloop/peers/2')) !== epoch,
		);
		await stage.connect(1, 2);
		t.pass();
		await stage.stopAll();
	});
}

test('suspend and resume: the same pair, a new epoch', async t => {
	const stage = await live();
	const epoch = await stage.xen.read('/local/domain/1/coloop/peers/2');
	stage.kernel(1).suspend();
	stage.kernel(1).resume();
	await stage.clock.until(
		'a new epoch',
		async () => (await stage.xen.read('/local/domain/1/coloop/peers/2')) !== epoch,
	);
	await stage.connect(1, 2);
	t.pass();
	await stage.stopAll();
});

test('coloop down and up, in a guest and in dom0', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	const host = stage.start(0);
	const guest = stage.start(1);
	stage.start(2);
	await stage.connect(1, 2);

	/* An answer comes when time goes on, as every loop of the daemon does. */
	const ask = async (daemon: typeof guest, op: 'up' | 'down', ...names: string[]) => {
		const answer = daemon.handle({op, names});
		await stage.clock.advance(300);

		return answer;
	};
	t.like(await ask(guest, 'down', 'b'), {
		ok: true,
		status: {peers: [{peer: 'Domain-0'}, {peer: 'b', state: 'held'}]},
	});
	await stage.clock.until('down', async () => (await stage.state(2, 1)) !== 'live');
	stage.kernel(2).want(1);
	await stage.clock.advance(5000);
	t.false(await stage.isLive(1, 2), 'held');
	await ask(guest, 'up', '2');
	await stage.clock.until('up without a packet', () => stage.isLive(1, 2));

	await ask(host, 'down', 'a', 'b');
	await stage.clock.until('withdrawn', () => isGone(stage), 20_000);
	await t.throwsAsync(ask(guest, 'up', 'b'), {message: /has not announced a peer called b/});
	await ask(host, 'up', 'b', '1');
	await stage.connect(1, 2);

	await t.throwsAsync(ask(guest, 'down', 'a', 'b'), {message: /only dom0/});
	await t.throwsAsync(ask(host, 'down', 'a', 'nobody'), {message: /no domain is called nobody/});
	await stage.stopAll();
});

test('down and up again before anybody has looked makes a new life', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.start(0);
	const guest = stage.start(1);
	stage.start(2);
	await stage.connect(1, 2);
	const epoch = await stage.xen.read('/local/domain/1/coloop/peers/2');
	/* dom0 sees the end result only. */
	await stage.stop(0);
	for (const op of ['down', 'up'] as const) {
		const answer = guest.handle({op, names: ['b']});
		await stage.clock.advance(300);
		await answer;
	}
	const offer = '/local/domain/1/data/coloop/offers/2';
	t.regex((await stage.xen.read(offer)) ?? '', / closed /);
	stage.start(0);
	await stage.clock.until('live', () => stage.isLive(1, 2));
	t.not(await stage.xen.read('/local/domain/1/coloop/peers/2'), epoch);
	await stage.stopAll();
});

test('a held pair is released while an end is gone, and says what is wrong otherwise', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	const host = stage.start(0);
	for (const domid of [1, 2]) {
		stage.start(domid);
	}
	await stage.connect(1, 2);
	const ask = async (op: 'up' | 'down', ...names: string[]) => {
		const answer = host.handle({op, names});
		await stage.clock.advance(300);
		await answer;
	};
	await ask('down', 'a', 'b');
	await stage.stop(2);
	await stage.destroy(2);
	await stage.clock.advance(300);
	await t.throwsAsync(ask('down', 'a', 'b'), {message: 'no domain is called b'});
	await t.notThrowsAsync(ask('up', '1', 'b'));
	await t.throwsAsync(ask('up', 'a', 'b'), {message: 'no domain is called b'});

	await stage.create(2);
	stage.start(2);
	await stage.connect(1, 2);

	stage.knobs(0).wrapping.isDead = true;
	await stage.clock.advance(60_000);
	await t.throwsAsync(ask('down', 'a', 'b'), {
		code: 'STORE',
		message: /^host: XenStore hung up$/,
	});
	await stage.stopAll();
});

test('a peer that was down for minutes is answered at once when it is back', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.start(0);
	const guest = stage.start(1);
	stage.start(2);
	await stage.connect(1, 2);
	const ask = async (op: 'up' | 'down') => {
		const answer = guest.handle({op, names: ['b']});
		await stage.clock.advance(300);
		await answer;
	};
	await ask('down');
	/* Traffic goes on at the other end, whose offers nobody answers. */
	for (let second = 0; second < 200; second++) {
		const state = await stage.state(2, 1);
		if (state === undefined || state === 'closed') {
			stage.kernel(2).want(1);
		}
		if (state === 'offered' && second % 10 === 9) {
			stage.kernel(2).fall(1, 'closed', 'timeout');
		}
		await stage.clock.advance(1000);
	}
	const start = stage.clock.now();
	await ask('up');
	await stage.clock.until('live', () => stage.isLive(1, 2));
	t.true(stage.clock.now() - start <= 1000, `${stage.clock.now() - start} ms`);
	await stage.stopAll();
});
