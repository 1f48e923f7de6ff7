// SPDX-License-Identifier: MIT
//
// Much of everything: work follows what changed. By counts and processor time, not by the clock.
import test from 'ava';
import {pathsOf, vifsPath} from '../../userland/xenstore/paths.ts';
import {addressesOf} from './harness/guest.ts';
import type {Dom0} from './harness/dom0.ts';
import {withDom0} from './harness/with-dom0.ts';

const guests = ['web', 'db'];

/** Guests in XenStore alone: their vifs are not there. */
async function crowd(dom0: Dom0, count: number): Promise<void> {
	for (let domid = 100; domid < 100 + count; domid++) {
		await dom0.xenstored.introduce(domid, `g${domid}`);
		await dom0.xen.write(`${vifsPath(domid)}/0/mac`, addressesOf({name: '', domid}).mac);
		await dom0.xen.write(`${vifsPath(domid)}/0/state`, '4');
		await dom0.xen.write(pathsOf(domid).hello, '1 1 0');
	}
}

const requests = (dom0: Dom0) => Object.values(dom0.xenstored.requests).reduce((a, b) => a + b, 0);
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

test(
	'300 guests: the start takes few requests, and a quiet time next to none',
	withDom0({guests, start: false}, async (dom0, t) => {
		await crowd(dom0, 300);
		dom0.start();
		await dom0.announced('web', 'db');
		await dom0.quiet(300);
		const start = requests(dom0);
		const cpu = await dom0.coloopd.cpu();
		await wait(4000);
		const idle = (requests(dom0) - start) / 4;
		const share = ((await dom0.coloopd.cpu()) - cpu) / 40;
		t.log(`${start} requests to start, ${idle} a second then, ${share} % of a processor`);
		t.true(start < 302 * 60);
		t.true(idle <= 30);
		t.true(share < 20);
	}),
);

test(
	'300 guests: one more guest costs requests for itself, not for all',
	withDom0({guests, start: false}, async (dom0, t) => {
		await crowd(dom0, 300);
		dom0.start();
		await dom0.announced('web', 'db');
		await dom0.quiet(300);
		const before = requests(dom0);
		await dom0.create('mail', 9);
		await dom0.announced('mail', 'web');
		await dom0.quiet(100);
		t.log(`${requests(dom0) - before} requests`);
		t.true(requests(dom0) - before < 1500);
	}),
);

test(
	'rules that change ten times a second in tables that no guest’s frame meets',
	withDom0({guests}, async (dom0, t) => {
		await dom0.sh(`nft -f - <<-END
			table ip nat {
				chain services { }
				chain pre { type nat hook prerouting priority -100; jump services; }
			}
		END
		for i in $(seq 2000); do echo "add rule ip nat services ip daddr 10.43.0.1 tcp dport $i counter"; done >/run/rules
		nft -f /run/rules`);
		await dom0.announced('web', 'db');
		await dom0.quiet(300);
		const cpu = await dom0.coloopd.cpu();
		await dom0.sh(
			'for i in $(seq 30); do nft add rule ip nat services ip daddr 10.44.0.1 tcp dport $i counter; sleep 0.1; done',
		);
		const spent = (await dom0.coloopd.cpu()) - cpu;
		t.true(await dom0.keeps('web', 'db', 300));
		t.log(`${spent} ms of processor time for 30 changes`);
		t.false(
			dom0
				.said()
				.some(({event}) => event === 'peer.withdrawn' || event === 'firewall.unread'),
		);
	}),
);

test(
	'elements that are added to a large set that no guest’s frame meets',
	withDom0({guests}, async (dom0, t) => {
		await dom0.sh(`{
			echo 'table inet crowdsec { set bl { type ipv4_addr; flags timeout; timeout 4h; }'
			echo 'chain input { type filter hook input priority -10; ip saddr @bl drop; }; }'
			for i in $(seq 5000); do echo "add element inet crowdsec bl { 10.$((i/250)).$((i%250)).9 }"; done
		} >/run/rules; nft -f /run/rules`);
		await dom0.announced('web', 'db');
		await dom0.quiet(300);
		const cpu = await dom0.coloopd.cpu();
		await dom0.sh(
			'for i in $(seq 20); do nft add element inet crowdsec bl "{ 172.16.0.$i }"; sleep 0.1; done',
		);
		const spent = (await dom0.coloopd.cpu()) - cpu;
		t.true(await dom0.keeps('web', 'db', 300));
		t.log(`${spent} ms of processor time for 20 elements`);
		t.false(
			dom0
				.said()
				.some(({event}) => event === 'peer.withdrawn' || event === 'firewall.unread'),
		);
	}),
);

test(
	'rules that change ten times a second where guests’ frames pass, but do no harm',
	withDom0({guests}, async (dom0, t) => {
		await dom0.sh(`nft 'table bridge f { chain c { type filter hook forward priority 0; }; }'`);
		await dom0.announced('web', 'db');
		for (let round = 0; round < 20; round++) {
			await dom0.sh(`nft add rule bridge f c tcp dport ${1000 + round} counter`);
		}
		t.true(await dom0.keeps('web', 'db', 300));
		await dom0.sh('nft add rule bridge f c tcp dport 22 drop');
		await dom0.withdrawn('web', 'db', {within: 1000});
		t.true(await dom0.loses('web', 'db', {port: 22}));
	}),
);

test(
	'a drop that comes and goes 30 times: never announced while it is there',
	withDom0({guests}, async (dom0, t) => {
		for (let round = 0; round < 30; round++) {
			await dom0.sh(
				`nft 'table bridge f { chain c { type filter hook forward priority 0; drop; }; }'`,
			);
			await dom0.withdrawn('web', 'db', {within: 1000});
			await dom0.sh('nft flush ruleset');
		}
		await dom0.announced('web', 'db', {within: 15_000});
		t.true(await dom0.passes('web', 'db'));
	}),
);
