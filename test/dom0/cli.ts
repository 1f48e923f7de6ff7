// SPDX-License-Identifier: MIT
//
// The real `coloop` beside the real coloopd, and the policy that both read.
import {rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import type {Status} from '../../userland/control/protocol.ts';
import type {Dom0} from './harness/dom0.ts';
import {sharedDom0, withDom0} from './harness/with-dom0.ts';

const onDom0 = sharedDom0(test, {guests: ['web', 'db', 'mail']});

const allow = (...pairs: string[]) =>
	`version: 1\npairs:\n${pairs.map(pair => `  - allow: [${pair}]\n`).join('')}`;
const json = async (dom0: Dom0): Promise<Status> => JSON.parse(await dom0.coloop('-j'));

test(
	'coloop list names every pair, -j tells the same',
	onDom0(async (dom0, t) => {
		await dom0.announced('web', 'mail');
		const text = await dom0.coloop('list');
		for (const name of ['web', 'db', 'mail', 'ready']) {
			t.true(text.includes(name), name);
		}
		const {pairs} = await json(dom0);
		const shown = pairs
			?.filter(({state}) => state === 'ready')
			.map(({a, b}) => `${a.name} ${b.name}`);
		t.deepEqual(shown?.sort(), ['db mail', 'web db', 'web mail']);
	}),
);

test(
	'down and up of a pair, by names and by domids',
	onDom0(async (dom0, t) => {
		for (const [a, b] of [
			['web', 'db'],
			['3', '4'],
			['db', '3'],
		] as const) {
			await dom0.coloop('down', a, b);
			t.true(await dom0.isWithdrawn('web', 'db'));
			t.like(await dom0.pair('web', 'db'), {state: 'held', code: 'held'});
			t.true(await dom0.isAnnounced('web', 'mail'));
			await dom0.coloop('up', a, b);
			await dom0.announced('web', 'db');
		}
	}),
);

test(
	'down of nobody says that there is nobody, and changes nothing',
	onDom0(async (dom0, t) => {
		await t.throwsAsync(dom0.coloop('down', 'web', 'nobody'), {message: /nobody/});
		await t.throwsAsync(dom0.coloop('down', 'web'), {message: /./});
		await t.throwsAsync(dom0.coloop('nonsense'), {message: /ended with 2/});
		t.true(await dom0.isAnnounced('web', 'db'));
	}),
);

test(
	'coloop without coloopd ends with 3 and says how to start it',
	withDom0({guests: ['web', 'db']}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.coloopd.stop();
		await t.throwsAsync(dom0.coloop('list'), {message: /ended with 3[^]*start/});
	}),
);

test(
	'a rule of dom0 is named in full',
	onDom0(async (dom0, t) => {
		await dom0.sh(
			`nft 'table bridge site { chain c { type filter hook forward priority 0; tcp dport 25 drop; }; }'`,
		);
		await dom0.withdrawn('web', 'db', {within: 1000});
		t.regex(
			await dom0.coloop('show', 'web', 'db'),
			/table bridge site, chain c.*tcp dport 25 drop/,
		);
	}),
);

test(
	'a policy that changes counts within a second, either way',
	onDom0(async (dom0, t) => {
		await dom0.announced('web', 'mail');
		await dom0.setPolicy(allow('web, db'));
		await dom0.withdrawn('web', 'mail', {within: 1000});
		t.is((await dom0.pair('web', 'mail'))?.code, 'policy');
		t.true(await dom0.isAnnounced('web', 'db'));
		await dom0.setPolicy(allow('"*", "*"'));
		await dom0.announced('web', 'mail', {within: 2000});
	}),
);

for (const [what, text] of [
	['that does not parse', 'version: 1\npairs: [\n'],
	['of another version', 'version: 9\npairs: []\n'],
	['with an unknown word', 'version: 1\npears: []\n'],
	['that is empty', ''],
	['that is binary', '\0\0\0'],
] as const) {
	test(
		`a policy ${what} leaves the last good one in force, and is shown`,
		onDom0(async (dom0, t) => {
			const from = dom0.coloopd.log.length;
			await dom0.setPolicy(text);
			await dom0.coloopd.logged('policy.refused', {from});
			t.true(await dom0.keeps('web', 'db', 200));
			t.true(((await dom0.ask({op: 'status'}))?.policy_errors.length ?? 0) > 0);
			await dom0.setPolicy(allow('"*", "*"'));
			await dom0.coloopd.logged('policy.loaded', {from: dom0.coloopd.log.length - 1});
		}),
	);
}

test(
	'a policy that does not parse from the start allows nothing',
	withDom0({guests: ['web', 'db'], policy: 'pairs: ['}, async (dom0, t) => {
		await dom0.shows('web', 'db', {code: 'policy'});
		t.true(await dom0.isWithdrawn('web', 'db'));
		await dom0.setPolicy(allow('web, db'));
		await dom0.announced('web', 'db', {within: 2000});
	}),
);

test(
	'a deny of one file counts over an allow of a later one',
	onDom0(async (dom0, t) => {
		const file = join(dom0.namespace.run, 'policy.d/05-deny.yaml');
		await writeFile(file, 'version: 1\npairs:\n  - deny: [web, db]\n', {mode: 0o644});
		await dom0.withdrawn('web', 'db', {within: 1000});
		t.regex((await dom0.pair('web', 'db'))?.reason ?? '', /05-deny\.yaml/);
		await rm(file);
		await dom0.announced('web', 'db', {within: 2000});
	}),
);

test(
	'reload reads the policy again, and settles',
	onDom0(async (dom0, t) => {
		await dom0.ask({op: 'reload'});
		t.true(await dom0.keeps('web', 'db', 100));
		dom0.coloopd.signal('SIGHUP');
		t.true(await dom0.keeps('web', 'db', 200));
	}),
);

test(
	'20 reloads while everybody offers lose nobody’s channel',
	onDom0(async (dom0, t) => {
		await dom0.announced('web', 'mail');
		const from = dom0.coloopd.log.length;
		await dom0.guest('web').offer(4);
		await Promise.all(Array.from({length: 20}, () => dom0.ask({op: 'reload'})));
		await dom0.guest('db').offer(3);
		await dom0.relayed('web', 'db');
		await dom0.relayed('db', 'web');
		t.false(dom0.coloopd.log.slice(from).some(({event}) => event === 'peer.withdrawn'));
	}),
);
