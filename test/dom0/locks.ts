// SPDX-License-Identifier: MIT
//
// What toolstacks let a vif send, the rules of dom0 that they write for it, and what the other end is told of it.
import test, {type ExecutionContext} from 'ava';
import {renderLimits} from '../../userland/limits.ts';
import {parseAnnouncement} from '../../userland/xenstore/announcement.ts';
import {pathsOf, vifsPath} from '../../userland/xenstore/paths.ts';
import {renderHello} from '../../userland/xenstore/values.ts';
import type {Dom0} from './harness/dom0.ts';
import {changeToOvs} from './harness/openvswitch.ts';
import {sharedDom0} from './harness/with-dom0.ts';

const options = {guests: ['web', 'db'], setUp: 'sysctl -qw net.ipv4.ip_nonlocal_bind=1'};
const onDom0 = sharedDom0(test, options);
const onOther = sharedDom0(test, {...options, args: []});

/** vif3.0 of web, 10.0.0.3; vif4.0 of db, 10.0.0.4. */
const backend = `${vifsPath(3)}/0`;
const web = '00:16:3e:00:00:03';
const xapi = '/xapi/00000000-0000-4000-8000-000000000003/private/vif/0';
const port = {port: 25};

/** Both ends read words, and enforce limits: bits 16 to 18. */
async function enforce(dom0: Dom0): Promise<void> {
	for (const name of ['web', 'db']) {
		const {domid, store} = dom0.guest(name);
		await store.write(
			pathsOf(domid).hello,
			renderHello({min: 1, max: 1, features: (0b111 << 16) | 0xff}),
		);
	}
}

/** What db is told that web may send. */
async function told(dom0: Dom0): Promise<string> {
	const text = await dom0.xen.read(`${pathsOf(4).peers}/3`);
	const limits = parseAnnouncement(text ?? '')?.limits;

	return text === undefined ? 'no channel' : limits ? renderLimits(limits) : 'anything';
}

/** A pair whose lives were short waits before its next. */
async function becomes(dom0: Dom0, wanted: string): Promise<void> {
	await dom0
		.until(`db is told ${wanted}`, async () => (await told(dom0)) === wanted, {within: 20_000})
		.catch(async ({message}: Error) => {
			const {code, reason} = (await dom0.pair('web', 'db')) ?? {};
			throw new Error(`${message}: it is told ${await told(dom0)}; ${code}: ${reason}`);
		});
}

async function refused(t: ExecutionContext, dom0: Dom0, reason: RegExp): Promise<void> {
	await becomes(dom0, 'no channel');
	await dom0.until('the reason is said', async () =>
		reason.test((await dom0.pair('web', 'db'))?.reason ?? ''),
	);
	t.pass();
}

/** What the toolstack said of web goes again, whatever became of the case. */
const forgetting =
	(body: (dom0: Dom0, t: ExecutionContext) => Promise<void>) =>
	async (dom0: Dom0, t: ExecutionContext) => {
		try {
			await body(dom0, t);
		} finally {
			for (const path of [`${backend}/ip`, `${backend}/rate`, xapi]) {
				await dom0.xen.remove(path);
			}
		}
	};

/** As vif-common.sh of Xen has it (frob_iptable), where it is not switched off as Debian does. */
function vifScript(device: string, addresses: readonly string[]): string {
	const rule = 'iptables -w -I FORWARD -m physdev --physdev-is-bridged';
	const matches =
		addresses.length === 0
			? ['']
			: [...addresses.map(each => `-s ${each}`), '-p udp --sport 68 --dport 67'];

	return matches
		.flatMap(match => [
			`${rule} --physdev-in ${device} ${match} -j ACCEPT`,
			`${rule} --physdev-out ${device} -j ACCEPT`,
		])
		.join('\n');
}

const antispoof = (...addresses: readonly string[]) => ({
	sh: `echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
		iptables -w -P FORWARD DROP
		${vifScript('vif3.0', addresses)}
		iptables -w -I FORWARD -m physdev --physdev-is-bridged --physdev-in vif4.0 -j ACCEPT`,
	undo: 'echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables; iptables -w -P FORWARD ACCEPT; iptables -w -F',
});

/* vif3.0 has no `--physdev-out` rule but those of the script, which let all to it pass. */
test(
	"ip= with the rules that Xen's script writes for it is a lock that the other end keeps",
	onDom0(
		forgetting(async (dom0, t) => {
			await enforce(dom0);
			const {sh, undo} = antispoof('10.0.0.3');
			await dom0.sh(sh, {undo});
			await refused(t, dom0, /a rule of dom0 would be bypassed.*policy drop/);

			await dom0.xen.write(`${backend}/ip`, '10.0.0.3');
			await becomes(dom0, 'from:10.0.0.3/32,::/0');
			t.true(await dom0.passes('web', 'db', port));
			t.true(await dom0.passes('db', 'web', port));
			await dom0.namespace.sh('ip addr add 10.0.0.77/16 dev eth0', 'web');
			await t.throwsAsync(
				dom0.namespace.sh('ping -c 2 -i 0.2 -W 1 -I 10.0.0.77 10.0.0.4', 'web'),
			);
			await dom0.namespace.sh('ping -c 1 -W 2 -I 10.0.0.3 10.0.0.4', 'web');
			await dom0.namespace.sh('ip addr del 10.0.0.77/16 dev eth0', 'web');
		}),
	),
);

test(
	'a lock that is wider than the rules, and rules that say more, are refused',
	onDom0(
		forgetting(async (dom0, t) => {
			await enforce(dom0);
			const {sh, undo} = antispoof('10.0.0.3', '10.0.0.64/26');
			await dom0.sh(sh, {undo});
			await dom0.xen.write(`${backend}/ip`, '10.0.0.3 10.0.0.64/26');
			await becomes(dom0, 'from:10.0.0.64/26,10.0.0.3/32,::/0');
			await dom0.xen.write(`${backend}/ip`, '10.0.0.0/24');
			await refused(t, dom0, /policy drop/);
			await dom0.xen.write(`${backend}/ip`, '10.0.0.64/27');
			await becomes(dom0, 'from:10.0.0.64/27,::/0');
			await dom0.sh(
				'iptables -w -I FORWARD -m physdev --physdev-in vif3.0 -s 10.0.0.66 -p tcp --dport 25 -j DROP',
			);
			await refused(t, dom0, /10\.0\.0\.66/);
			await dom0.xen.write(`${backend}/ip`, '10.0.0.72/29');
			await becomes(dom0, 'from:10.0.0.72/29,::/0');
			await dom0.sh('iptables -w -I FORWARD -p tcp --dport 25 -j DROP');
			await refused(t, dom0, /dport 25 .*drop/);
			t.true(await dom0.loses('web', 'db', port));
		}),
	),
);

test(
	'rules of nftables and policy alone: the addresses of limits are a lock as well',
	onDom0(
		forgetting(async (dom0, t) => {
			await enforce(dom0);
			const chain = 'type filter hook forward priority 0;';
			await dom0.sh(`nft 'table bridge f { chain c { ${chain}
			iifname "vif3.0" ip saddr != { 10.0.0.3, 10.0.0.8-10.0.0.15 } drop
			iifname "vif3.0" ip6 saddr != fd00::3 counter drop; }; }'`);
			await refused(t, dom0, /ip saddr != /);
			const before = 'version: 1\npairs:\n  - allow: ["*", "*"]\naccept:\n  - allow: "*"\n';
			const limits = (addresses: string) =>
				dom0.setPolicy(
					`${before}limits:\n  - domain: web\n    addresses: [${addresses}]\n`,
				);
			await limits("10.0.0.3, 'fd00::3'");
			await becomes(dom0, 'from:10.0.0.3/32,fd00::3/128');
			t.true(await dom0.passes('web', 'db', {...port, ip: 6}));
			await limits("10.0.0.8/29, 'fd00::3'");
			await becomes(dom0, 'from:10.0.0.8/29,fd00::3/128');
			await limits("10.0.0.8/28, 'fd00::3'");
			await refused(t, dom0, /ip saddr != /);
			await limits("10.0.0.3, 'fd00::/64'");
			await refused(t, dom0, /ip6 saddr != /);
			await dom0.setPolicy(before);
		}),
	),
);

test(
	'rate= is told, and an end that cannot enforce has no channel',
	onDom0(
		forgetting(async (dom0, t) => {
			await dom0.xen.write(`${backend}/rate`, '1250000,50000');
			await refused(t, dom0, /^db cannot enforce what vif3\.0 may send \(rate= of vif3\.0\)/);
			await enforce(dom0);
			await becomes(dom0, 'rate:200000000');
			await dom0.xen.write(`${backend}/rate`, 'as fast as it goes');
			await refused(t, dom0, /vif3\.0 has a rate limit that no channel can keep/);
		}),
	),
);

/** As setup-vif-rules of xenopsd has it; with a port of Open vSwitch. */
function xapiFlows(ofport: number, ipv4: readonly string[], ipv6: readonly string[]): string {
	const own = `in_port=${ofport},dl_src=${web}`;
	const lines = [
		`priority=8000,${own},udp,tp_dst=67,actions=NORMAL`,
		`priority=7000,${own},arp,arp_sha=${web},arp_spa=0.0.0.0,actions=NORMAL`,
		...ipv4.flatMap(address => [
			`priority=7000,${own},arp,arp_sha=${web},arp_spa=${address},actions=NORMAL`,
			`priority=6000,${own},ip,nw_src=${address},actions=NORMAL`,
		]),
		...ipv6.flatMap(address => [
			`priority=8000,${own},icmp6,ipv6_src=${address},icmp_type=135,nd_sll=${web},actions=NORMAL`,
			`priority=8000,${own},icmp6,ipv6_src=${address},icmp_type=136,nd_target=${address},actions=NORMAL`,
			...['icmp6', 'tcp6', 'udp6'].map(
				protocol => `priority=5000,${own},ipv6_src=${address},${protocol},actions=NORMAL`,
			),
		]),
		...[135, 136].map(
			type => `priority=7000,in_port=${ofport},icmp6,icmp_type=${type},actions=drop`,
		),
		...[134, 137, 146, 147, 151, 152, 153].map(
			type => `priority=6000,in_port=${ofport},icmp6,icmp_type=${type},actions=drop`,
		),
		`priority=4000,in_port=${ofport},actions=drop`,
	];

	return `ovs-ofctl -O OpenFlow13 add-flows xenbr0 - <<-END\n${lines.join('\n')}\nEND`;
}

async function lock(dom0: Dom0, ipv4: string, ipv6: string): Promise<void> {
	await dom0.xen.write(`${xapi}/ipv4-allowed`, ipv4);
	await dom0.xen.write(`${xapi}/ipv6-allowed`, ipv6);
	await dom0.xen.write(`${xapi}/locking-mode`, 'locked');
}

test(
	"XAPI's locking mode and its flows in Open vSwitch",
	onOther(
		forgetting(async (dom0, t) => {
			await changeToOvs(dom0, options.guests);
			await enforce(dom0);
			await dom0.announced('web', 'db');
			const undo =
				'ovs-ofctl -O OpenFlow13 del-flows xenbr0; ovs-ofctl add-flow xenbr0 priority=0,actions=normal';
			await dom0.sh(xapiFlows(1, ['10.0.0.3', '10.0.0.33'], []), {undo});
			await refused(t, dom0, /a flow of xenbr0 would be bypassed/);
			await lock(dom0, '10.0.0.3,10.0.0.33', '');
			await becomes(dom0, 'from:10.0.0.3/32,10.0.0.33/32');
			t.true(await dom0.passes('web', 'db', port));
			t.true(await dom0.loses('web', 'db', {...port, ip: 6}), 'IPv6 is locked to nothing');
			await dom0.namespace.sh('ip addr add 10.0.0.77/16 dev eth0', 'web');
			await t.throwsAsync(
				dom0.namespace.sh('ping -c 2 -i 0.2 -W 1 -I 10.0.0.77 10.0.0.4', 'web'),
			);

			await lock(dom0, '10.0.0.3,10.0.0.34', '');
			await refused(t, dom0, /priority=4000,in_port=1 actions=drop/);
			/* XAPI's flows let only TCP, UDP and ICMPv6 pass, a channel all that has the address. */
			await dom0.sh(`${undo}\n${xapiFlows(1, ['10.0.0.3'], ['fd00::3'])}`);
			await lock(dom0, '10.0.0.3', 'fd00::3');
			await refused(t, dom0, /a flow of xenbr0 would be bypassed: priority=[67]000,/);
		}),
	),
);
