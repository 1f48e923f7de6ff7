// SPDX-License-Identifier: MIT
//
// Guests come, go, are renamed and misbehave, and nobody else's channel notices.
import test, {type ExecutionContext} from 'ava';
import {domainPath, pathsOf} from '../../userland/xenstore/paths.ts';
import type {Dom0} from './harness/dom0.ts';
import {withDom0} from './harness/with-dom0.ts';

const guests = ['web', 'db', 'evil'];

/** The pair of web and db lost its announcement so often. */
function losses(dom0: Dom0): number {
	return dom0
		.said()
		.filter(
			({event, domid, peer_domid}) =>
				event === 'peer.withdrawn' && Number(domid) < 5 && Number(peer_domid) < 5,
		).length;
}

test(
	'a guest that comes is announced to all, one that goes is withdrawn from all',
	withDom0({guests}, async (dom0, t) => {
		await dom0.create('mail', 9);
		for (const peer of guests) {
			await dom0.announced('mail', peer);
		}
		t.true(await dom0.passes('mail', 'web'));
		await dom0.destroy('mail');
		for (const peer of guests) {
			await dom0.withdrawnFrom(peer, 9, {within: 1000});
		}
		t.deepEqual(await dom0.xen.list(domainPath(9)), []);
		t.is(losses(dom0), 0);
	}),
);

test(
	'a domid that comes again is another guest: new name, new epoch, nothing of the old',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const before = await dom0.xen.read('/local/domain/3/coloop/peers/4');
		await dom0.guest('db').offer(3);
		await dom0.relayed('db', 'web');
		await dom0.destroy('db');
		await dom0.withdrawnFrom('web', 4);
		t.is(await dom0.xen.read(`${pathsOf(3).relayed}/4`), undefined);
		await dom0.create('other', 4);
		await dom0.announced('web', 'other');
		const after = await dom0.xen.read('/local/domain/3/coloop/peers/4');
		t.regex(after ?? '', /^\d+ other /);
		t.not(after?.split(' ')[0], before?.split(' ')[0]);
		t.is(await dom0.xen.read(`${pathsOf(3).relayed}/4`), undefined);
	}),
);

test(
	'a vif that comes and goes 40 times leaves the others announced',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.announced('web', 'evil');
		// With a queue of each vif's own to look at, as a dom0 of one processor has.
		await dom0.sh('for i in 3 4; do tc qdisc add dev vif$i.0 clsact; done');
		for (let round = 0; round < 40; round++) {
			await dom0.sh(`
				ip link del vif5.0
				ip link add vif5.0 type veth peer name eth0 address 00:16:3e:00:00:05 netns evil
				ip -n evil link set eth0 up
				ip link set vif5.0 master xenbr0 up
				tc qdisc add dev vif5.0 clsact
			`);
		}
		t.true(await dom0.keeps('web', 'db', 300));
		t.is(losses(dom0), 0);
		t.is(dom0.said().filter(({event}) => event === 'firewall.unread').length, 0);
		t.true(await dom0.passes('web', 'db'));
		await dom0.announced('web', 'evil', {within: 30_000});
	}),
);

test(
	'a guest that reboots 20 times leaves the others announced',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		for (let round = 0; round < 20; round++) {
			await dom0.destroy('evil');
			await dom0.create('evil', 10 + round);
		}
		await dom0.announced('web', 'evil');
		t.is(losses(dom0), 0);
		t.deepEqual((await dom0.xen.list(pathsOf(3).peers)).sort(), ['29', '4']);
	}),
);

test(
	'a guest that reboots, with the address that it had, is announced again at once',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		t.true(await dom0.passes('web', 'db'));
		for (let round = 0; round < 5; round++) {
			await dom0.destroy('db');
			await dom0.withdrawnFrom('web', 4);
			await dom0.quiet();
			await dom0.create('db', 4);
			await dom0.announced('web', 'db', {within: 2000});
			t.true(await dom0.passes('web', 'db'));
		}
	}),
);

const rename = (dom0: Dom0, domid: number, name: string) =>
	dom0.xen.write(`${domainPath(domid)}/name`, name);

test(
	'a name that is no longer allowed ends the announcement within a second',
	withDom0({guests, policy: 'version: 1\npairs:\n  - allow: [web, db]\n'}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await rename(dom0, 4, 'stranger');
		await dom0.withdrawn('web', 'db', {within: 1000});
		await rename(dom0, 4, 'db');
		await dom0.announced('web', 'db', {within: 1500});
		t.pass();
	}),
);

test(
	'a name that comes to be allowed is announced within a second',
	withDom0(
		{guests, policy: 'version: 1\npairs:\n  - allow: [web, friend]\n'},
		async (dom0, t) => {
			await dom0.shows('web', 'db', {code: 'policy'});
			await new Promise(resolve => setTimeout(resolve, 500));
			await rename(dom0, 4, 'friend');
			await dom0.announced('web', 'db', {within: 1000});
			t.regex((await dom0.guest('web').store.read('coloop/peers/4')) ?? '', /^\d+ friend /);
		},
	),
);

test(
	'a name that two domains bear allows nothing by itself',
	withDom0({guests, policy: 'version: 1\npairs:\n  - allow: [web, db]\n'}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await rename(dom0, 5, 'db');
		await dom0.withdrawn('web', 'db', {within: 1000});
		t.true(await dom0.isWithdrawn('web', 'evil'));
		await rename(dom0, 5, 'evil');
		await dom0.announced('web', 'db');
	}),
);

for (const [what, name] of [
	['450 CJK characters', '漢'.repeat(450)],
	['an emoji at the cut', `${'x'.repeat(62)}😀😀😀`],
	['emoji of many code points', '👩‍👩‍👧‍👦'.repeat(20)],
	['spaces and slashes', 'my guest / of "mine"'],
	['what looks like a domid', '4'],
	['percent signs', '%00%zz%'],
	['right to left', 'שלום עולם'],
	['control characters', 'a\u001b[31mb\u0007'],
	['a line end', 'a\nb'],
	['nothing but a space', ' '],
] as const) {
	test(
		`a guest whose name is ${what} leaves the others announced`,
		withDom0({guests}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			await rename(dom0, 5, name);
			await dom0.create('mail', 9);
			await dom0.announced('mail', 'web');
			t.is(losses(dom0), 0);
			t.is(dom0.said().filter(({level}) => level === 'error').length, 0);
			await noRawControl(dom0, t);
		}),
	);
}

async function noRawControl(dom0: Dom0, t: ExecutionContext): Promise<void> {
	// eslint-disable-next-line no-control-regex
	t.notRegex(await dom0.coloop('list'), /[\u0000-\u0009\u000b-\u001f\u007f]/);
}

/* What a guest may write of its own accord, each as hostile as can be. */
const hostile: Record<string, string> = {
	hello: '1 1 99999999999999999999',
	'offers/3': '1 live 1 4294967296 0',
	'offers/4': 'x'.repeat(2000),
	'declined/3': 'policy \u001b[2J',
	'stats/3': '0 -1 -1 -1 -1',
	junk: '\u0001',
};

for (const [node, value] of Object.entries(hostile)) {
	test(
		`a guest that writes nonsense to ${node} leaves the others announced`,
		withDom0({guests}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			await dom0.announced('web', 'evil');
			await dom0.guest('evil').store.write(`data/coloop/${node}`, value);
			t.true(await dom0.keeps('web', 'db', 300));
			t.false(dom0.said().some(({event}) => event === 'role.failed'));
			await noRawControl(dom0, t);
		}),
	);
}

test(
	'a guest that fills its quota with names is not read by name',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const {store} = dom0.guest('evil');
		for (let at = 0; at < 900; at++) {
			await store.write(`data/coloop/offers/${at}`, '1 offered 1 1 1').catch(() => {});
		}
		const before = dom0.xenstored.requests['read'] ?? 0;
		await store.write('data/coloop/hello', '1 1 0');
		t.true(await dom0.keeps('web', 'db', 300));
		t.true((dom0.xenstored.requests['read'] ?? 0) - before < 300);
	}),
);

test(
	'a guest that says no version that we speak has no channel, the others have',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'evil');
		await dom0.guest('evil').store.write('data/coloop/hello', '7 9 0');
		await dom0.withdrawn('web', 'evil', {within: 1000});
		t.is((await dom0.pair('web', 'evil'))?.code, 'version');
		await dom0.guest('evil').store.remove('data/coloop/hello');
		await dom0.shows('web', 'evil', {code: 'absent'});
		t.true(await dom0.isAnnounced('web', 'db'));
	}),
);

test(
	'an offer is relayed, a closed one makes a new life',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.guest('web').offer(4);
		await dom0.guest('db').offer(3);
		await dom0.relayed('web', 'db');
		await dom0.relayed('db', 'web');
		const epoch = async () =>
			(await dom0.xen.read('/local/domain/3/coloop/peers/4'))?.split(' ')[0];
		const first = await epoch();
		await dom0.guest('web').offer(4, 'closed');
		await dom0.until('another epoch', async () => ![first, undefined].includes(await epoch()));
		t.is(await dom0.xen.read(`${pathsOf(4).relayed}/3`), undefined);
	}),
);

test(
	'an offer of a life that is over is not relayed',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.guest('web').store.write('data/coloop/offers/4', '1 offered 1 8 9');
		t.true(await dom0.keeps('web', 'db', 300));
		t.is(await dom0.xen.read(`${pathsOf(4).relayed}/3`), undefined);
	}),
);

test(
	'a guest cannot write what dom0 tells it, nor read what others are told',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const {store} = dom0.guest('evil');
		for (const path of ['/local/domain/5/coloop/peers/3', '/local/domain/3/coloop/peers/4']) {
			await t.throwsAsync(store.write(path, 'x'), {message: /permission denied/});
		}
		await t.throwsAsync(store.read('/local/domain/3/coloop/peers/4'), {
			message: /permission denied/,
		});
		await t.throwsAsync(store.read('/local/domain/3/data/coloop/hello'), {
			message: /permission denied/,
		});
	}),
);

/* Some toolstack may let others read a domain's home; what dom0 says there is for the domain alone. */
test(
	'what a guest is told nobody else may read, whoever may read its home',
	withDom0({guests: ['web', 'db'], start: false}, async (dom0, t) => {
		for (const domid of [3, 4]) {
			await dom0.xen.setPermissions(domainPath(domid), [
				{domid: 0, access: 'none'},
				{domid, access: 'read'},
				{domid: 77, access: 'read'},
			]);
		}
		dom0.start();
		await dom0.announced('web', 'db');
		await dom0.quiet();
		for (const node of ['3/coloop', '3/coloop/peers/4', '4/coloop/host', '4/coloop/peers/3']) {
			const permissions = await dom0.xen.getPermissions(`/local/domain/${node}`);
			t.false(
				permissions.some(({domid}) => domid === 77),
				node,
			);
		}
	}),
);

const crowd = Array.from({length: 10}, (_, at) => `g${at}`);

test(
	'one guest that writes at full rate does not keep the others from their channels',
	withDom0({guests: [...guests, ...crowd]}, async (dom0, t) => {
		for (const name of crowd) {
			await dom0.announced(name, 'db');
		}
		const quiet = await readsFor(dom0, () => handshakes(dom0, crowd.slice(0, 5)));
		let [writing, written] = [true, 0];
		const {store} = dom0.guest('evil');
		const flood = (async () => {
			while (writing) {
				await store.write('data/coloop/hello', `1 1 ${++written % 1000}`);
				await new Promise(resolve => setTimeout(resolve, 1));
			}
		})();
		const from = performance.now();
		const loud = await readsFor(dom0, async () => {
			await handshakes(dom0, crowd.slice(5));
			await dom0.until('a flood that is one', async () => written > 1000);
		});
		const seconds = (performance.now() - from) / 1000;
		writing = false;
		await flood;
		t.log(
			`${quiet} reads quiet, ${loud} loud in ${seconds} s, in which ${written} were written`,
		);
		/* What one guest may cost, see budget.ts; unit/daemon/host/flood.ts counts what others wait. */
		t.true(loud <= quiet + 100 + 4 * (guests.length + crowd.length + 1) + 20 * seconds);
		t.is(losses(dom0), 0);
	}),
);

/** How often dom0's programs read XenStore meanwhile. */
async function readsFor(dom0: Dom0, work: () => Promise<void>): Promise<number> {
	const before = dom0.xenstored.requests['read'] ?? 0;
	await work();

	return (dom0.xenstored.requests['read'] ?? 0) - before;
}

/** Has the first offers of these guests passed on to db. */
async function handshakes(dom0: Dom0, names: readonly string[]): Promise<void> {
	for (const name of names) {
		await dom0.guest(name).offer(4);
		await dom0.relayed(name, 'db');
	}
}
