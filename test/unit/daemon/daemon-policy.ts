// SPDX-License-Identifier: MIT
import test from 'ava';
import {createStage, uuidOf, type Stage} from './_stage.ts';

/** Dom0 and two guests, a and b, whose policies stand in for the usual ones. */
async function stageWith(policies: Record<number, string>): Promise<Stage> {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
		const text = policies[domid];
		if (text !== undefined) {
			stage.setPolicy(domid, `version: 1\n${text}`);
		}
	}
	for (const domid of [0, 1, 2]) {
		stage.start(domid);
	}

	return stage;
}

const allow = (options: string) =>
	`pairs:\n  - allow: ['*', '*']\n    ${options}\naccept:\n  - allow: '*'\n`;

const told = async ({xen}: Stage, domid: number, about: number) =>
	(await xen.read(`/local/domain/${domid}/coloop/peers/${about}`)) ?? '';

test('rules by UUID, in dom0 and in a guest', async t => {
	const [a, b] = [uuidOf(1), uuidOf(2)];
	const stage = await stageWith({
		0: `pairs:\n  - allow: [uuid: ${a}, uuid: ${b.toUpperCase()}]\n`,
		1: `accept:\n  - deny: {uuid: ${a}}\n  - allow: {uuid: ${b}}\n`,
		2: `accept:\n  - allow: {name: a}\n`,
	});
	await stage.connect(1, 2);
	stage.setPolicy(1, `version: 1\naccept:\n  - deny: {uuid: ${b}}\n  - allow: '*'\n`);
	await stage.clock.until('denied', async () => !(await stage.isLive(1, 2)));
	t.is(await stage.xen.read('/local/domain/1/data/coloop/declined/2'), 'policy');
	await stage.stopAll();
});

test('of two domains with one name a UUID allows one, and the guest knows that the name says nothing', async t => {
	const stage = await stageWith({
		0: `pairs:\n  - allow: [b, a]\n  - allow: [uuid: ${uuidOf(1)}, uuid: ${uuidOf(2)}]\n`,
		1: 'accept:\n  - allow: b\n',
		2: 'accept:\n  - allow: any-guest\n',
	});
	await stage.connect(1, 2);
	await stage.create(3);
	await stage.xen.write('/local/domain/3/name', 'b');
	await stage.clock.until('the name is shared', async () =>
		(await told(stage, 1, 2)).includes(' !name=shared'),
	);
	await stage.clock.until('denied', async () => !(await stage.isLive(1, 2)));
	t.is(await stage.xen.read('/local/domain/1/data/coloop/declined/2'), 'policy');
	t.is(await told(stage, 1, 3), '', 'the rule by name allows neither');

	stage.setPolicy(1, `version: 1\naccept:\n  - allow: {uuid: ${uuidOf(2)}}\n`);
	await stage.connect(1, 2);
	t.pass();
	await stage.stopAll();
});

test('a tag is what the files of each domain say', async t => {
	const stage = await stageWith({
		0: `tags:\n  tier: [a, uuid: ${uuidOf(2)}]\npairs:\n  - allow: [tag: tier, tag: tier]\n`,
		1: `tags:\n  friend: [{name: b}]\naccept:\n  - allow: {tag: friend}\n`,
	});
	await stage.connect(1, 2);
	stage.setPolicy(
		0,
		'version: 1\ntags:\n  tier: [a]\npairs:\n  - allow: [tag: tier, tag: tier]\n',
	);
	await stage.clock.until('no more', async () => (await told(stage, 1, 2)) === '');
	t.pass();
	await stage.stopAll();
});

for (const [where, policies] of Object.entries({
	dom0: {0: allow('idle_timeout_s: 60')},
	'one guest': {2: "accept:\n  - allow: '*'\n    idle_timeout_s: 60\n"},
	'both, of which the shorter counts': {
		0: allow('idle_timeout_s: 7200'),
		1: "accept:\n  - allow: '*'\n    idle_timeout_s: 60\n",
	},
})) {
	test(`a channel that carries nothing goes, and comes back with the next packet: ${where}`, async t => {
		const stage = await stageWith(policies);
		await stage.connect(1, 2);
		for (let minute = 0; minute < 3; minute++) {
			await stage.clock.advance(45_000);
			stage.kernel(1).carry(2, {txPackets: 1n, txBytes: 100n});
			stage.kernel(2).carry(1, {rxPackets: 1n, rxBytes: 100n});
		}
		t.true(await stage.isLive(1, 2), 'it carried a packet each time');
		await stage.clock.advance(80_000);
		t.false(await stage.isLive(1, 2));
		t.true(stage.log.some(({event}) => event === 'channel.idle'));
		await stage.clock.advance(600_000);
		t.false(await stage.isLive(1, 2), 'nobody asks for one');
		await stage.connect(1, 2);
		await stage.stopAll();
	});
}

test('a channel without a time for it stays, whatever it carries', async t => {
	const stage = await stageWith({});
	await stage.connect(1, 2);
	await stage.clock.advance(900_000);
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

for (const [where, policies] of Object.entries({
	dom0: {0: allow('on_demand: no')},
	'a guest': {1: "accept:\n  - allow: '*'\n    on_demand: no\n    idle_timeout_s: 10\n"},
})) {
	test(`on_demand: no makes the channel at once and keeps it: ${where}`, async t => {
		const stage = await stageWith(policies);
		await stage.clock.until('live', () => stage.isLive(1, 2));
		await stage.clock.advance(120_000);
		t.true(await stage.isLive(1, 2));
		await stage.stopAll();
	});
}

test('our own on_demand: yes goes before what dom0 says', async t => {
	const yes = "accept:\n  - allow: '*'\n    on_demand: yes\n";
	const stage = await stageWith({0: allow('on_demand: no'), 1: yes, 2: yes});
	await stage.clock.advance(60_000);
	t.is(await stage.state(1, 2), undefined);
	await stage.stopAll();
});

for (const [where, of, audit] of [
	['dom0', 0, allow('mode: audit')],
	['a guest', 1, "accept:\n  - allow: '*'\n    mode: audit\n"],
] as const) {
	test(`mode: audit counts and diverts nothing, and ends what is live: ${where}`, async t => {
		const stage = await stageWith({});
		await stage.connect(1, 2);
		stage.setPolicy(of, `version: 1\n${audit}`);
		await stage.clock.until('ended', async () => !(await stage.isLive(1, 2)));
		for (let i = 0; i < 20; i++) {
			stage.kernel(1).want(2);
			stage.kernel(2).want(1);
			stage.kernel(1).pass(2, 'no-channel', 3);
			await stage.clock.advance(10_000);
			t.false(await stage.isLive(1, 2));
		}
		stage.setPolicy(of, `version: 1\n${allow('mode: enforce')}`);
		await stage.connect(1, 2);
		await stage.stopAll();
	});
}

test('selectors reach the module and change without an end of the channel', async t => {
	const stage = await stageWith({});
	await stage.connect(1, 2);
	const idOf = async (domid: number) =>
		(await stage.kernel(domid).peers()).find(peer => peer.domid === 3 - domid)?.selectorsId;
	const since = async () => (await stage.kernel(1).peers())[0]?.channel?.since;
	const before = await since();
	t.is(await idOf(1), 0);
	const policies = ['only: [{proto: tcp, ports: [5432]}]', 'except: [{proto: icmp}]'];
	const seen = new Set<number | undefined>([0]);
	for (const words of policies) {
		stage.setPolicy(0, `version: 1\n${allow(words)}`);
		await stage.clock.until('told', async () => !seen.has(await idOf(1)));
		await stage.clock.until('told', async () => (await idOf(2)) === (await idOf(1)));
		seen.add(await idOf(1));
	}
	stage.setPolicy(1, "version: 1\naccept:\n  - allow: '*'\n    only: [{proto: udp}]\n");
	await stage.clock.until('told', async () => !seen.has(await idOf(1)));
	t.true(seen.has(await idOf(2)), 'what a guest diverts is its own affair');
	stage.setPolicy(1, "version: 1\naccept:\n  - allow: '*'\n");
	stage.setPolicy(0, `version: 1\n${allow('mode: enforce')}`);
	await stage.clock.until('over', async () => (await idOf(1)) === 0 && (await idOf(2)) === 0);
	t.is(await since(), before);
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});

test("a module older than selectors diverts nothing, and nothing by dom0's", async t => {
	const stage = await stageWith({1: "accept:\n  - allow: '*'\n    only: [{proto: udp}]\n"});
	await stage.connect(1, 2);
	stage.kernel(1).setVersion(3);
	await stage.clock.until('refused', async () => !(await stage.isLive(1, 2)));
	stage.setPolicy(1, "version: 1\naccept:\n  - allow: '*'\n");
	await stage.connect(1, 2);
	stage.setPolicy(0, `version: 1\n${allow('only: [{proto: udp}]')}`);
	await stage.clock.until('refused by dom0', async () => !(await stage.isLive(1, 2)));
	await stage.stopAll();
	t.pass();
});

test('what audit would have diverted is told', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	stage.setPolicy(0, `version: 1\n${allow('mode: audit')}`);
	const [host, daemon] = [0, 1, 2].map(domid => stage.start(domid));
	await stage.clock.until('known', async () => (await stage.kernel(1).peers()).length === 2);
	stage.kernel(1).pass(2, 'no-channel', 42);
	const answer = await daemon?.handle({op: 'status'});
	const peer = answer?.ok ? answer.status?.peers.find(({domid}) => domid === 2) : undefined;
	t.like(peer, {
		state: 'ready',
		code: 'audit',
		reason: 'mode: audit: nothing is diverted; 42 packets would have been',
		audited_packets: 42,
	});
	stage.kernel(2).pass(1, 'no-channel', 8);
	const pairIn = async () => {
		const told = await host?.handle({op: 'status'});
		const pairs = told?.ok ? told.status?.pairs : [];

		return pairs?.find(({a, b}) => a.domid === 1 && b.domid === 2);
	};
	await stage.clock.until(
		'dom0 hears of both',
		async () => (await pairIn())?.audited_packets === 50,
	);
	t.like(await pairIn(), {state: 'ready', code: 'audit', a_to_b_packets: 0, b_to_a_packets: 0});
	await stage.stopAll();
});

test('memory_mib bounds what all channels hold, and ends what is too much', async t => {
	const stage = createStage();
	for (const domid of [0, 1, 2, 3]) {
		await stage.create(domid);
	}
	const own = (more: string) =>
		`version: 1\n${more}accept:\n  - allow: '*'\n    ring_pages: 256\n    ring_pages_min: 256\n    queues: 1\n`;
	stage.setPolicy(1, own('memory_mib: 1\n'));
	[0, 1, 2, 3].forEach(domid => stage.start(domid));
	await stage.connect(1, 2);
	await stage.clock.until(
		'3 hears of it',
		async () => (await stage.xen.read('/local/domain/3/coloop/declined/1')) === 'memory',
	);
	t.true(await stage.isLive(1, 2));
	t.is(await stage.state(1, 3), undefined);

	stage.setPolicy(1, own('memory_mib: 2\n'));
	await stage.connect(1, 3);
	stage.setPolicy(1, own('memory_mib: 1\n'));
	await stage.clock.until('one has to go', async () => !(await stage.isLive(1, 3)));
	t.true(await stage.isLive(1, 2));
	await stage.stopAll();
});
