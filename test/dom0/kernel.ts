// SPDX-License-Identifier: MIT
//
// What dom0's kernel does between two ports beside nftables' rules: each ends the announcement within a second.
import {once} from 'node:events';
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {buildAttach} from '../unit/firewall/_attach.ts';
import {withDom0} from './harness/with-dom0.ts';

/** Of its own each: a pair whose lives are short waits ever longer for the next. */
const onDom0 = (body: Parameters<typeof withDom0>[1]) =>
	withDom0({guests: ['web', 'db']}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		await body(dom0, t);
	});
const web = 'vif3.0';
const db = 'vif4.0';
const bridgeNf = '/proc/sys/net/bridge/bridge-nf-call-iptables';

/** Set-ups of dom0, and what is said of them; MAC is that of db. */
const obstacles = [
	[
		'a rate on a vif',
		`tc qdisc add dev ${db} root tbf rate 1mbit burst 10k latency 1s`,
		/vif4\.0 has a tc qdisc \(tbf\)/,
	],
	[
		'a filter on a vif',
		`tc qdisc add dev ${web} clsact; tc filter add dev ${web} ingress protocol ip u32 match u32 0 0 flowid 1:1`,
		/vif3\.0 has a tc ingress filter \(u32\)/,
	],
	[
		'isolated ports',
		`bridge link set dev ${web} isolated on; bridge link set dev ${db} isolated on`,
		/isolated ports of xenbr0/,
	],
	[
		'a port without unknown unicast and without an entry',
		`bridge link set dev ${db} learning off flood off; bridge fdb del MAC dev ${db} master 2>/dev/null || true`,
		/vif4\.0 takes no unknown unicast/,
	],
	[
		'an entry on another port',
		`bridge fdb replace MAC dev ${web} master static`,
		/sends frames for \S+ to vif3\.0, not to vif4\.0/,
	],
	[
		'an entry of dom0 itself',
		'bridge fdb replace MAC dev xenbr0 self local permanent',
		/to dom0 itself, by a local entry on xenbr0/,
	],
	[
		'br_netfilter, switched on before a chain that drops',
		`nft 'table ip f { chain c { type filter hook forward priority 0; policy drop; }; }'; echo 1 > ${bridgeNf}`,
		/br_netfilter shows it bridged packets/,
	],
] as const;

for (const [what, script, reason] of obstacles) {
	test.serial(
		`${what} ends the announcement at once`,
		onDom0(async (dom0, t) => {
			const {mac} = dom0.guest('db');

			await dom0.sh(script.replaceAll('MAC', mac));
			t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 1000}));
			t.regex((await dom0.pair('web', 'db'))?.reason ?? '', reason);
		}),
	);
}

test.serial(
	'a program at tcx ends the announcement within a second, though nobody tells of it',
	onDom0(async (dom0, t) => {
		const attach = await buildAttach(t);

		const child = dom0.namespace.start([attach, 'tcx', web], {
			stdio: ['pipe', 'pipe', 'inherit'],
		});

		await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
		t.log('withdrawn in', await dom0.withdrawn('web', 'db', {within: 1000}));
		t.regex(
			(await dom0.pair('web', 'db'))?.reason ?? '',
			/vif3\.0 has a tcx ingress program \(id \d+, name drop_all\)/,
		);
		t.true(await dom0.loses('web', 'db'));
		child.stdin?.end();
	}),
);

test.serial(
	"a guest whose vif comes and goes 40 times costs nobody else's channel",
	withDom0({guests: ['web', 'db', 'flap']}, async (dom0, t) => {
		await dom0.announced('web', 'db');
		const flapping = dom0.sh(`tc qdisc add dev ${web} clsact; for i in $(seq 40); do
			ip link del vif5.0; ip link add vif5.0 type veth peer name eth0 netns flap
			ip link set vif5.0 master xenbr0 up; tc qdisc add dev vif5.0 clsact
		done`);

		while (!(await isDone(flapping))) {
			t.true(await dom0.keeps('web', 'db', 200));
		}
		t.is(dom0.coloopd.log.filter(({event}) => event === 'firewall.unread').length, 0);
		t.true(await dom0.passes('web', 'db'));
	}),
);

test.serial(
	'ten changes a second in tables that no frame meets cost next to nothing',
	withDom0({guests: ['web', 'db']}, async (dom0, t) => {
		await dom0.sh(`nft -f - <<-END
			table ip nat {
				chain services {
				}
				chain pre {
					type nat hook prerouting priority -100
					jump services
				}
			}
			table inet crowdsec {
				set bl {
					type ipv4_addr
					flags timeout
				}
			}
		END`);
		await dom0.announced('web', 'db');
		const before = await dom0.coloopd.cpu();
		const churn = dom0.sh(`for i in $(seq 30); do
			nft add rule ip nat services ip daddr 10.44.0.1 tcp dport $i counter
			nft add element inet crowdsec bl "{ 172.16.0.$i }"; sleep 0.05
		done`);

		while (!(await isDone(churn))) {
			t.true(await dom0.keeps('web', 'db', 200));
		}
		t.log('CPU, ms:', (await dom0.coloopd.cpu()) - before);
		t.is(dom0.coloopd.log.filter(({event}) => event === 'peer.withdrawn').length, 0);
	}),
);

async function isDone(work: Promise<unknown>): Promise<boolean> {
	return await Promise.race([work.then(() => true), setImmediate(false)]);
}
