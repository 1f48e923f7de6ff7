// SPDX-License-Identifier: MIT
//
// Daemons: how many there may be, how they begin and end, what they keep.
import {readFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import test from 'ava';
import type {Dom0} from './harness/dom0.ts';
import {withDom0} from './harness/with-dom0.ts';

const guests = ['web', 'db'];

/** The status that `--withdraw` or a second daemon ends with. */
async function run(dom0: Dom0, ...args: string[]) {
	const daemon = dom0.startAnother(...args);

	return {status: await daemon.ended, log: daemon.log};
}

test(
	'of twelve that start at once one serves, and the others leave all alone',
	withDom0({guests, start: false}, async (dom0, t) => {
		const daemons = Array.from({length: 12}, () => dom0.startAnother());
		const over = new Map<(typeof daemons)[number], unknown>();
		for (const daemon of daemons) {
			void daemon.ended.then(status => over.set(daemon, status));
		}
		/* As long as it takes twelve processes to start on a busy machine. */
		const patience = {within: 60_000};
		await dom0.until('all but one have ended', async () => over.size === 11, patience);
		await dom0.announced('web', 'db', patience);
		t.is(over.size, 11);
		for (const [daemon, status] of over) {
			t.false(
				daemon.log.some(
					({event}) => event === 'role.started' || event === 'peer.withdrawn',
				),
			);
			t.is(status, 2);
		}
		t.is((await dom0.pair('web', 'db'))?.state, 'ready');
	}),
);

test(
	'a second one is refused, says so, and the first is still reached',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const second = await run(dom0);
		t.is(second.status, 2);
		t.regex(JSON.stringify(second.log), /another|already|runs/);
		t.true(await dom0.keeps('web', 'db', 100));
		t.is((await dom0.pair('web', 'db'))?.state, 'ready');
	}),
);

test(
	'a second one on a socket of its own is refused as well',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const second = await run(dom0, '--socket', '/run/other/coloopd.sock');
		t.is(second.status, 2);
		t.false(second.log.some(({event}) => event === 'role.started'));
		t.true(await dom0.keeps('web', 'db', 100));
	}),
);

test(
	'--withdraw beside a running one refuses',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		t.is((await run(dom0, '--withdraw')).status, 2);
		t.true(await dom0.keeps('web', 'db', 200));
	}),
);

test(
	'--withdraw takes everything back once none runs',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		t.is(await dom0.coloopd.stop(), 0);
		t.true(await dom0.isAnnounced('web', 'db'));
		t.is((await run(dom0, '--withdraw')).status, 0);
		for (const domid of [0, 3, 4]) {
			t.is(await dom0.xen.read(`/local/domain/${domid}/coloop`), undefined);
		}
	}),
);

for (const how of ['stop', 'kill'] as const) {
	test(
		`what is announced stays when it ends by ${how}, and the next takes over as it is`,
		withDom0({guests}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			const told = await dom0.xen.read('/local/domain/3/coloop/peers/4');
			await dom0.coloopd[how]();
			await wait(200);
			t.is(await dom0.xen.read('/local/domain/3/coloop/peers/4'), told);
			const next = dom0.start();
			await dom0.shows('web', 'db', {state: 'ready'});
			t.true(await dom0.keeps('web', 'db', 300));
			t.is(await dom0.xen.read('/local/domain/3/coloop/peers/4'), told);
			t.false(next.log.some(({event}) => event === 'peer.announced'));
		}),
	);
}

test(
	'a rule that came while it was dead counts from the next one on',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.coloopd.kill();
		await dom0.sh(
			`nft 'table bridge f { chain c { type filter hook forward priority 0; tcp dport 22 drop; }; }'`,
		);
		dom0.start();
		await dom0.withdrawn('web', 'db');
		t.true(await dom0.loses('web', 'db', {port: 22}));
	}),
);

test(
	'a guest that died while it was dead is gone from the next one on',
	withDom0({guests: ['web', 'db', 'mail']}, async dom0 => {
		await dom0.announced('web', 'db');
		await dom0.coloopd.kill();
		await dom0.destroy('db');
		dom0.start();
		await dom0.withdrawnFrom('web', 4);
		await dom0.announced('web', 'mail');
	}),
);

test(
	'XenStore that hangs up is found again, and nothing flaps',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.xenstored.restart();
		const from = dom0.coloopd.log.length;
		await dom0.coloopd.logged('role.started', {from: from - 1});
		t.true(await dom0.keeps('web', 'db', 1500));
		await dom0.create('mail', 9);
		await dom0.announced('mail', 'web');
	}),
);

test(
	'XenStore that is away for a second is found again',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.xenstored.restart(1000);
		await dom0.create('mail', 9);
		await dom0.announced('mail', 'web', {within: 15_000});
		t.true(await dom0.isAnnounced('web', 'db'));
		t.is(dom0.coloopd.log.filter(({event}) => event === 'peer.withdrawn').length, 0);
	}),
);

test(
	'a machine without XenStore: it says so, and is there once XenStore is',
	withDom0({guests, start: false}, async (dom0, t) => {
		const socket = join(dom0.namespace.run, 'xenstored/socket');
		await dom0.sh('mv /run/xenstored/socket /run/xenstored/hidden');
		const daemon = dom0.start('--role', 'host');
		const {reason} = await daemon.logged('store.awaited');
		t.regex(String(reason), /XenStore/);
		await dom0.sh(`mv /run/xenstored/hidden /run/xenstored/socket; test -S ${socket} || :`);
		await dom0.announced('web', 'db');
	}),
);

test(
	'an endpoint of dom0 itself runs without a module, and says that it is missing',
	withDom0({guests, role: 'auto'}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const status = await dom0.ask({op: 'status'});
		t.deepEqual(status?.roles, ['host', 'endpoint']);
		t.is(status?.module_loaded, false);
		t.is((await dom0.pair('dom0', 'web'))?.code, 'absent');
	}),
);

test(
	'what is held stays held over a restart, and comes back with up',
	withDom0({guests: ['web', 'db', 'mail']}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.ask({op: 'down', names: ['web', 'db']});
		await dom0.withdrawn('web', 'db', {within: 500});
		t.is((await dom0.pair('web', 'db'))?.code, 'held');
		await dom0.coloopd.kill();
		dom0.start();
		await dom0.coloopd.logged('role.started');
		await wait(300);
		t.true(await dom0.isWithdrawn('web', 'db'));
		t.true(await dom0.isAnnounced('web', 'mail'));
		await dom0.ask({op: 'up', names: ['web', 'db']});
		await dom0.announced('web', 'db');
	}),
);

for (const [what, text] of [
	['that is half written', '{"peers": [], "pairs": [["web", '],
	['that is empty', ''],
	['of another shape', '{"peers": "web"}'],
	['that is binary', '\0\u0001\ufffd'],
] as const) {
	test(
		`a held.json ${what} holds everything, and says so`,
		withDom0({guests}, async (dom0, t) => {
			await dom0.announced('web', 'db');
			await dom0.ask({op: 'down', names: ['web', 'db']});
			await dom0.withdrawn('web', 'db');
			await dom0.coloopd.stop();
			const file = join(dom0.namespace.run, 'coloop/held.json');
			t.regex(await readFile(file, 'utf8'), /web/);
			await writeFile(file, text);
			const daemon = dom0.start();
			await Promise.race([daemon.logged('role.started'), daemon.ended]);
			await wait(500);
			t.true(await dom0.isWithdrawn('web', 'db'));
			t.regex(JSON.stringify(daemon.log), /held/);
		}),
	);
}

test(
	'a held.json that is gone holds nothing',
	withDom0({guests}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await dom0.ask({op: 'down', names: ['web', 'db']});
		await dom0.coloopd.stop();
		await rm(join(dom0.namespace.run, 'coloop/held.json'));
		dom0.start();
		await dom0.announced('web', 'db');
		t.pass();
	}),
);

test(
	'arguments that make no sense end it at once, and leave all alone',
	withDom0({guests, start: false}, async (dom0, t) => {
		for (const words of [['--role', 'guest'], ['--nonsense'], ['--log-level', 'loud']]) {
			t.is((await run(dom0, ...words)).status, 2, words.join(' '));
		}
		t.true(await dom0.isWithdrawn('web', 'db'));
	}),
);

function wait(ms: number): Promise<void> {
	return new Promise(resolve => setTimeout(resolve, ms));
}
