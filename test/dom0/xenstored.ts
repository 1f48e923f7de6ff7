// SPDX-License-Identifier: MIT
//
// The fake xenstored beside Debian's two real ones: what the clients rely on, where the three differ, and
// that coloopd does the same on each.
import {setMaxListeners} from 'node:events';
import test, {type ExecutionContext} from 'ava';
import {cases, runCase} from '../conformance/_cases.ts';
import {refusalName} from '../../userland/xenstore/errors.ts';
import type {Store} from '../../userland/xenstore/store.ts';
import type {Dom0} from './harness/dom0.ts';
import {sharedDom0, withDom0} from './harness/with-dom0.ts';

const kinds = ['fake', 'oxenstored', 'xenstored'] as const;
type Kind = (typeof kinds)[number];

const guests = ['web', 'db'];

const shared = {
	fake: sharedDom0(test, {guests, xenstored: 'fake', start: false}),
	oxenstored: sharedDom0(test, {guests, xenstored: 'oxenstored', start: false}),
	xenstored: sharedDom0(test, {guests, xenstored: 'xenstored', start: false}),
};

/** One test for each, with guests web (3) and db (4) but without coloopd. */
function onEach(
	title: string,
	body: (dom0: Dom0, t: ExecutionContext, kind: Kind) => Promise<void>,
) {
	for (const kind of kinds) {
		test(
			`${kind}: ${title}`,
			shared[kind]((dom0, t) => body(dom0, t, kind)),
		);
	}
}

/** `ok`, or the name of xenstored's error. */
async function said(work: Promise<unknown>): Promise<string> {
	try {
		await work;

		return 'ok';
	} catch (error) {
		return refusalName(error) ?? String(error);
	}
}

async function events(store: Store, path: string, work: () => Promise<unknown>): Promise<string[]> {
	const heard: string[] = [];
	const end = new AbortController();
	const watching = (async () => {
		for await (const event of store.watch(path, end.signal)) {
			heard.push(event);
		}
	})();
	await store.read(path).catch(() => {});
	await work();
	// Events come in the order of what they tell of, before the answer to what is asked after it.
	await store.read(path).catch(() => {});
	await new Promise(resolve => setTimeout(resolve, 50));
	end.abort();
	await watching;

	return heard;
}

onEach('the conformance suite passes, as dom0 and as a guest', async (dom0, t) => {
	const guest = dom0.guest('web').store;
	const places = [
		{store: dom0.xen, other: await dom0.xenstored.connect(0), base: '/tool/test', domid: 0},
		{store: guest, other: guest, base: 'data/test', domid: 3},
	];
	for (const place of places) {
		for (const each of cases) {
			await t.notThrowsAsync(runCase(each, place), `domain ${place.domid}: ${each.name}`);
		}
	}
});

onEach('a guest cannot see or touch what is not its own', async (dom0, t) => {
	const {store} = dom0.guest('web');
	await dom0.xen.write('/local/domain/4/coloop/peers/3', 'secret');
	t.is(await said(store.read('/local/domain/4/coloop/peers/3')), 'EACCES');
	t.is(await said(store.read('/local/domain/4/name')), 'EACCES');
	t.is(await said(store.list('/local/domain/4')), 'EACCES');
	t.is(await said(store.write('/local/domain/3/name', 'db')), 'EACCES');
	t.is(await said(store.write('/local/domain/3/coloop/peers/4', '')), 'EACCES');
	t.is(await said(store.mkdir('/local/domain/4/data/x')), 'EACCES');
	t.is(await said(store.remove('/local/domain/3/name')), 'EACCES');
	t.is(
		await said(store.setPermissions('/local/domain/3', [{domid: 3, access: 'both'}])),
		'EACCES',
	);
	t.is(await store.read('/local/domain/3/name'), 'web');
	t.is(await store.read('name'), 'web');
});

onEach('a guest owns what it makes, and may let others see it', async (dom0, t, kind) => {
	const {store} = dom0.guest('web');
	await store.write('data/x/y', '1');
	t.deepEqual(await dom0.xen.getPermissions('/local/domain/3/data/x/y'), [
		{domid: 3, access: 'none'},
	]);
	t.is(await said(dom0.guest('db').store.read('/local/domain/3/data/x/y')), 'EACCES');
	await store.setPermissions('data/x/y', [
		{domid: 3, access: 'none'},
		{domid: 4, access: 'read'},
	]);
	t.is(await dom0.guest('db').store.read('/local/domain/3/data/x/y'), '1');
	t.is(await said(dom0.guest('db').store.write('/local/domain/3/data/x/y', '2')), 'EACCES');
	t.is(
		await said(store.setPermissions('data/x/y', [{domid: 4, access: 'none'}])),
		kind === 'oxenstored' ? 'EACCES' : 'EPERM',
	);
});

onEach('what dom0 makes below what a guest owns is as its parent says', async (dom0, t) => {
	await dom0.xen.write('/local/domain/3/data/below/it', '1');
	t.deepEqual(await dom0.xen.getPermissions('/local/domain/3/data/below/it'), [
		{domid: 3, access: 'none'},
	]);
	t.is(await dom0.guest('web').store.read('data/below/it'), '1');
});

/* oxenstored cuts no list for a socket, only for a domain: they come at once. The others' come in parts. */
onEach('a list longer than a message arrives', async (dom0, t) => {
	const names = Array.from({length: 4000}, (_, at) => `a-name-that-is-long-enough-${at}`);
	const store = await dom0.xenstored.connect(0);
	await store.mkdir('/tool/many');
	await Promise.all(names.map(name => store.write(`/tool/many/${name}`, '')));
	t.deepEqual((await store.list('/tool/many')).sort(), [...names].sort());
	await store.remove('/tool/many');
});

onEach('dom0 hears of domains that come and go', async (dom0, t) => {
	const heard = async (path: string, work: () => Promise<unknown>) =>
		(await events(dom0.xen, path, work)).length;
	t.is(await heard('@introduceDomain', () => dom0.create('mail', 9)), 2);
	t.is(await heard('@releaseDomain', () => dom0.destroy('mail')), 2);
	t.deepEqual(await dom0.xen.list('/local/domain/9'), []);
});

onEach('a guest hears what dom0 writes for it, by the path it watches', async (dom0, t) => {
	await dom0.xen.mkdir('/local/domain/3/coloop');
	const heard = await events(dom0.guest('web').store, 'coloop', async () => {
		await dom0.xen.write('/local/domain/3/coloop/host', '1');
		await dom0.xen.write('/local/domain/3/coloop/peers/4', '1');
		await dom0.xen.remove('/local/domain/3/coloop/peers/4');
	});
	// What waits is held once.
	t.deepEqual([...new Set(heard)], ['coloop', 'coloop/host', 'coloop/peers/4']);
});

onEach('a guest hears nothing of what it may not read', async (dom0, t) => {
	const heard = await events(dom0.guest('web').store, '/local/domain/4', () =>
		dom0.xen.write('/local/domain/4/data/secret', '1'),
	);
	t.deepEqual(heard, ['/local/domain/4']);
});

onEach('a value that is written again is heard again', async (dom0, t) => {
	const heard = await events(dom0.xen, '/local/domain/3/data', async () => {
		await dom0.guest('web').store.write('data/x', 'same');
		await new Promise(resolve => setTimeout(resolve, 50));
		await dom0.guest('web').store.write('data/x', 'same');
	});
	t.deepEqual(heard.slice(1), ['/local/domain/3/data/x', '/local/domain/3/data/x']);
});

onEach('what a dead guest left is gone, and its domid begins anew', async (dom0, t) => {
	await dom0.guest('db').store.write('data/old', '1');
	await dom0.destroy('db');
	t.is(await dom0.xen.read('/local/domain/4/data/old'), undefined);
	await dom0.create('next', 4);
	t.is(await dom0.guest('next').store.read('data/old'), undefined);
	t.is(await dom0.guest('next').store.read('name'), 'next');
	await dom0.destroy('next');
	await dom0.create('db', 4);
});

/* Where a limit is reached: how many went well, and what the next one was told. */
async function until(
	most: number,
	each: (at: number) => Promise<unknown>,
): Promise<[number, string]> {
	for (let at = 0; at < most; at++) {
		const answer = await said(each(at));
		if (answer !== 'ok') {
			return [at, answer];
		}
	}

	return [most, 'ok'];
}

onEach('a guest has a quota of nodes', async (dom0, t, kind) => {
	const {store} = dom0.guest('web');
	const [count, answer] = await until(1100, at => store.write(`data/${at % 10}/${at}`, ''));
	t.log(count, answer);
	t.is(answer, {fake: 'ENOSPC', xenstored: 'ENOSPC', oxenstored: 'EQUOTA'}[kind]);
	t.true(count > 900 && count <= 1000);
	t.is(await said(store.write('data/0/0', 'again')), 'ok');
	t.is(await said(dom0.xen.write('/tool/dom0-has-none', '')), 'ok');
	await Promise.all(Array.from({length: 10}, (_, at) => store.remove(`data/${at}`)));
});

onEach('a guest has a quota of bytes in a node', async (dom0, t, kind) => {
	const {store} = dom0.guest('web');
	t.is(await said(store.write('data/fits', 'x'.repeat(1900))), 'ok');
	const answer = await said(store.write('data/big', 'x'.repeat(2100)));
	t.is(answer, {fake: 'ENOSPC', xenstored: 'ENOSPC', oxenstored: 'E2BIG'}[kind]);
});

onEach('a guest has a quota of watches', async (dom0, t, kind) => {
	const {store} = dom0.guest('web');
	const end = new AbortController();
	setMaxListeners(0, end.signal);
	let failed = '';
	let count = 0;
	const watchers = Array.from({length: 140}, async () => {
		try {
			for await (const event of store.watch('data', end.signal)) {
				count += event === 'data' ? 1 : 0;
			}
		} catch (error) {
			failed = refusalName(error) ?? String(error);
		}
	});
	await store.read('name');
	await new Promise(resolve => setTimeout(resolve, 100));
	end.abort();
	await Promise.all(watchers);
	t.log(count, failed);
	t.is(count, {fake: 129, xenstored: 129, oxenstored: 101}[kind]);
	t.is(failed, {fake: 'E2BIG', xenstored: 'E2BIG', oxenstored: 'EQUOTA'}[kind]);
});

for (const xenstored of kinds) {
	test(
		`${xenstored}: guests are announced, and dom0's rules end that`,
		withDom0({guests, xenstored}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			t.true(await dom0.passes('web', 'db'));
			await dom0.sh(
				`nft 'table bridge f { chain c { type filter hook forward priority 0; tcp dport 25 drop; }; }'`,
			);
			await dom0.withdrawn('web', 'db', {within: 1000});
			t.true(await dom0.loses('web', 'db', {port: 25}));
			await dom0.sh('nft flush ruleset');
			await dom0.announced('web', 'db', {within: 1000});
		}),
	);

	test(
		`${xenstored}: offers are relayed, guests come and go`,
		withDom0({guests, xenstored}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			await dom0.guest('web').offer(4);
			await dom0.relayed('web', 'db');
			t.regex(
				(await dom0.guest('db').store.read('coloop/offers/3')) ?? '',
				/^\d+ offered 1 8 9$/,
			);
			await dom0.create('mail', 9);
			await dom0.announced('web', 'mail');
			await dom0.destroy('db');
			await dom0.withdrawnFrom('web', 4);
			t.true(await dom0.keeps('web', 'mail', 200));
			await dom0.create('next', 4);
			await dom0.announced('next', 'web');
		}),
	);
}

const tagPolicy =
	'version: 1\ntags: {tier-1: []}\npairs:\n  - allow: [db, {tag: tier-1}]\naccept:\n  - allow: "*"\n';

for (const kind of kinds) {
	test(
		`${kind}: a domain has the tags that dom0 gives it, unless a guest could`,
		withDom0({guests, xenstored: kind, policy: tagPolicy}, async (dom0, t) => {
			const path = `/coloop/tags/00000000-0000-4000-8000-00000000000${dom0.guest('web').domid}`;
			await dom0.shows('web', 'db', {state: 'refused', code: 'policy'});
			await dom0.xen.write(path, 'x tier-1');
			await dom0.announced('web', 'db');
			t.is(await said(dom0.guest('web').store.write(path, 'tier-1')), 'EACCES');
			t.is(await said(dom0.guest('web').store.remove(path)), 'EACCES');
			t.is(await said(dom0.guest('web').store.remove('/coloop/tags')), 'EACCES');

			await dom0.xen.setPermissions(path, [
				{domid: 0, access: 'none'},
				{domid: dom0.guest('web').domid, access: 'both'},
			]);
			await dom0.withdrawn('web', 'db');
			t.regex(
				(await dom0.pair('web', 'db'))?.reason ?? '',
				/domain \d may write \/coloop\/tags/,
			);
			await dom0.xen.setPermissions(path, [{domid: 0, access: 'none'}]);
			await dom0.announced('web', 'db', {within: 20_000});
			t.deepEqual((await dom0.pair('web', 'db'))?.a.tags, ['tier-1', 'x']);
			await dom0.xen.remove(path);
			await dom0.withdrawn('web', 'db');
		}),
	);
}
