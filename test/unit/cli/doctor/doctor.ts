// SPDX-License-Identifier: MIT
import test from 'ava';
import type {Status} from '../../../../userland/control/protocol.ts';
import {checks} from '../../../../userland/cli/doctor/doctor.ts';
import {main} from '../../../../userland/cli/main.ts';
import type {Ended} from '../../../../userland/cli/system.ts';
import {pairStatus, peerStatus, statusOf} from '../../control/_status.ts';
import {now, says, withDaemon} from '../_coloop.ts';
import {dom0Files, fakeSystem, guestFiles, guestPrograms} from '../_system.ts';

type Machine = {
	/** Undefined in it takes a file away. */
	readonly files?: Readonly<Record<string, string | undefined>>;
	readonly programs?: Readonly<Record<string, string | Ended>>;
	readonly node?: string;
	readonly isDom0?: boolean;
	/** Undefined: no daemon answers. */
	readonly status?: Partial<Status> | undefined;
	readonly time?: number;
};

const well = {host: 'lives', troubles: []};
const wellDom0 = {...well, roles: ['host', 'endpoint'], domid: 0, pairs: [pairStatus()]};

/** Runs `coloop doctor` on such a machine. */
async function doctor(machine: Machine, ...argv: string[]) {
	const {isDom0 = false, node, time = now} = machine;
	const status = 'status' in machine ? machine.status : {};
	const files = Object.fromEntries(
		Object.entries({...(isDom0 ? dom0Files : guestFiles), ...machine.files}).flatMap(
			([path, text]) => (text === undefined ? [] : [[path, text]]),
		),
	);
	const system = fakeSystem({
		...{files, programs: {...guestPrograms, ...machine.programs}},
		...(node !== undefined && {node}),
	});
	const [out, err] = [[] as string[], [] as string[]];
	const terminal = {
		...{out: (line: string) => out.push(line), err: (line: string) => err.push(line)},
		...{now: () => time, system},
	};
	const run = (socket: string) => main(['--socket', socket, 'doctor', ...argv], terminal);
	const exit = status
		? await withDaemon(says(statusOf({...(isDom0 ? wellDom0 : well), ...status})), run)
		: await run('/nowhere/x.sock');

	return {exit, out, err};
}

const fleet = {
	...{source: 'etcd:/p/', endpoint: 'https://e', revision: 2, token: 'x', documents: 1},
	...{in_force: true, confirmed: now, problem: null},
};

type Found = {check: string; verdict: string; says: string; remedy?: string};

async function findingOf(check: string, machine: Machine): Promise<Found | undefined> {
	const {out} = await doctor(machine, '-j');
	const {findings} = JSON.parse(out.join('\n')) as {findings: Found[]};

	return findings.find(each => each.check === check);
}

test('nothing is wrong with a healthy guest', async t => {
	const {exit, out, err} = await doctor({});
	t.deepEqual(
		out.filter(line => /^(warning|error)/.test(line)),
		[],
	);
	t.is(exit, 0);
	t.deepEqual(err, []);
	t.is(
		out.at(-1),
		'coloop 0.1.0, coloopd 0.1.0, module 0.1.0; Linux 6.12.48+deb13-amd64, Xen 4.20, Node 20.19.0; guest: 21 ok, 0 warning, 0 error, 5 skipped',
	);
});

test('nor with a healthy dom0', async t => {
	const {exit, out} = await doctor({isDom0: true});
	t.deepEqual(
		out.filter(line => /^(warning|error)/.test(line)),
		[],
	);
	t.is(exit, 0);
	t.regex(out.at(-1) ?? '', /; dom0: 26 ok, 0 warning, 0 error, 0 skipped$/);
});

const module = {...{version: '0.1.0', interface: 'coloop0', peers: 1, channels: 1, grants: 10}};
const held = {...module, grant_limit: 1000, maps: 1, ports: 1, deferred: 0};
const link = {
	...{interface: 'eth0', local_mac: '00:16:3e:00:00:01', remote_mac: '00:16:3e:00:00:02'},
	...{mtu: 1500, blocked: null},
};
const refused = (code: string, reason: string) => pairStatus({state: 'refused', code, reason});
const efi = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** Each check with a machine that it finds something wrong with: verdict, what it says, what to do. */
const cases: ReadonlyArray<readonly [string, string, Machine, string, RegExp, RegExp]> = [
	[
		'no Xen',
		'Xen',
		{files: {'/sys/hypervisor/type': undefined}},
		'error',
		/no domain of Xen/,
		/guests/,
	],
	[
		'a hypervisor that is another',
		'Xen',
		{files: {'/sys/hypervisor/type': 'kvm\n'}},
		'error',
		/no domain/,
		/Xen/,
	],
	[
		'an old kernel',
		'kernel',
		{files: {'/proc/sys/kernel/osrelease': '5.10.0-30-amd64\n'}},
		...(['error', /5\.10\.0-30-amd64 is older than 6\.1/, /newer kernel/] as const),
	],
	[
		'a kernel without the hook',
		'kernel',
		{files: {'/boot/config-6.12.48+deb13-amd64': '# CONFIG_NETFILTER_EGRESS is not set\n'}},
		...(['error', /without CONFIG_NETFILTER_EGRESS/, /kernel/] as const),
	],
	['an old Node', 'Node', {node: '16.20.2'}, 'error', /16\.20\.2 is older than 18/, /nodejs/],
	['a clock of 1970', 'clock', {time: 100}, 'warning', /says 1970-01-01/, /set it/],
	[
		'a slow clock',
		'clock',
		{files: {'/sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet\n'}},
		...(['warning', /hpet/, /echo xen/] as const),
	],
	[
		'a clock that nobody sets',
		'clock',
		{programs: {'timedatectl show -p NTPSynchronized --value': 'no\n'}},
		...(['warning', /nobody sets/, /set-ntp/] as const),
	],
	[
		'Secure Boot and a module that nobody signed',
		'Secure Boot',
		{files: {[efi]: '\u0006\0\0\0\u0001'}, programs: {'modinfo -F signer coloop': '\n'}},
		...([
			'error',
			/\(Secure Boot\), and the installed one is not signed/,
			/^apt install openssl mokutil.*mokutil --import .*Enroll MOK/,
		] as const),
	],
	[
		'Secure Boot, a key of dkms, and a module from before it',
		'Secure Boot',
		{
			files: {[efi]: '\u0006\0\0\0\u0001', '/var/lib/dkms/mok.pub': 'DER'},
			programs: {'modinfo -F signer coloop': '\n'},
		},
		...(['error', /not signed/, /^dkms build --force.*mokutil --import/] as const),
	],
	[
		'Secure Boot and a signature whose key the machine does not know',
		'Secure Boot',
		{
			files: {
				[efi]: '\u0006\0\0\0\u0001',
				'/sys/module/coloop/version': undefined,
			},
			programs: {
				'modinfo -F signer coloop': 'DKMS module signing key\n',
				'mokutil --test-key /var/lib/dkms/mok.pub': {
					...{status: 0, err: ''},
					out: '/var/lib/dkms/mok.pub is not enrolled\n',
				},
			},
		},
		...([
			'error',
			/the key of DKMS module signing key is none yet/,
			/^mokutil --import/,
		] as const),
	],
	[
		'lockdown and a module that nobody signed',
		'Secure Boot',
		{
			files: {'/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n'},
			programs: {'modinfo -F signer coloop': ''},
		},
		...(['error', /\(lockdown integrity\).*not signed/, /mokutil/] as const),
	],
	[
		'no module for this kernel',
		'module',
		{
			files: {'/sys/module/coloop/version': undefined},
			programs: {'modinfo -F version coloop': {status: 1, out: '', err: 'not found'}},
		},
		...([
			'error',
			/no module is installed for Linux 6\.12/,
			/linux-headers-6\.12.*coloop-dkms/,
		] as const),
	],
	[
		'a module that is not loaded',
		'module',
		{files: {'/sys/module/coloop/version': undefined}},
		...(['error', /0\.1\.0 is installed and not loaded/, /^modprobe coloop$/] as const),
	],
	[
		'a module of another version',
		'module',
		{programs: {'modinfo -F version coloop': '0.2.0\n'}},
		...(['warning', /0\.1\.0 is loaded, and 0\.2\.0 is installed/, /module reload/] as const),
	],
	[
		'no daemon',
		'daemon',
		{status: undefined},
		'error',
		/does not answer/,
		/systemctl start coloopd/,
	],
	[
		'a daemon that failed',
		'daemon',
		{
			status: undefined,
			programs: {
				'systemctl show coloopd -p ActiveState,Result':
					'Result=exit-code\nActiveState=failed\n',
			},
		},
		...(['error', /its unit is failed \(exit-code\)/, /start/] as const),
	],
	[
		'a role that does not run',
		'daemon',
		{status: {problems: ['endpoint: the kernel refuses']}},
		...(['error', /the kernel refuses/, /journalctl/] as const),
	],
	[
		'versions that differ',
		'versions',
		{status: {version: '0.0.9'}},
		...([
			'warning',
			/coloop 0\.1\.0, coloopd 0\.0\.9, module 0\.1\.0/,
			/restart coloopd/,
		] as const),
	],
	[
		'a trouble of just now',
		'troubles',
		{
			status: {
				troubles: [{time: now - 9, level: 'warn', event: 'step.failed', message: 'ENOMEM'}],
			},
		},
		...(['warning', /step\.failed: ENOMEM/, /journalctl/] as const),
	],
	[
		'a trouble that says itself what to do',
		'troubles',
		{
			status: {
				troubles: [
					{
						...{time: now - 9, level: 'error', event: 'metrics.failed'},
						...{message: '/x/y.sock: there is no folder /x', hint: 'make it'},
					},
				],
			},
		},
		...(['warning', /no folder \/x$/, /^make it$/] as const),
	],
	[
		'no way to XenStore in a guest',
		'XenStore',
		{files: {'/dev/xen/xenbus': undefined}},
		...(['error', /no \/dev\/xen\/xenbus/, /xen_xenbus_frontend/] as const),
	],
	[
		'no way to XenStore in dom0',
		'XenStore',
		{isDom0: true, files: {'/dev/xen/xenbus': undefined, '/run/xenstored/socket': undefined}},
		...(['error', /neither socket nor device/, /init\.d\/xen/] as const),
	],
	[
		'a XenStore daemon that has ended',
		'XenStore',
		{isDom0: true, files: {'/proc/700/comm': undefined}},
		...(['error', /xenstored \(process 700\) has ended/, /reboot/] as const),
	],
	[
		'a XenStore that the daemon does not reach',
		'XenStore',
		{status: {problems: ['endpoint: XenStore hung up']}},
		...(['error', /hung up/, /dom0/] as const),
	],
	[
		'a quota that was met',
		'quotas',
		{
			status: {
				troubles: [
					{
						time: now,
						level: 'warn',
						event: 'write.refused',
						message: 'domain 7: write: EQUOTA',
					},
				],
			},
		},
		...(['error', /want of quota: domain 7: write: EQUOTA/, /quota-maxentity/] as const),
	],
	[
		'a quota that keeps a role from running',
		'quotas',
		{status: {problems: ['endpoint: data/coloop: no room left (XenStore said ENOSPC)']}},
		...(['error', /endpoint: data\/coloop: no room/, /^xenstore-ls .* in dom0: /] as const),
	],
	[
		'a quota that will be met',
		'quotas',
		{
			isDom0: true,
			programs: {'xenstore-control quota': 'Quota name  value\nnodes       100\n'},
		},
		...(['warning', /may have 100 nodes/, /--quota nodes=/] as const),
	],
	[
		'a silent dom0',
		'host role',
		{status: {host: 'silent'}},
		'error',
		/silent/,
		/systemctl start coloopd/,
	],
	[
		'a dom0 without coloopd',
		'host role',
		{status: {host: 'unknown'}},
		'warning',
		/never/,
		/install coloop/,
	],
	[
		'a policy that is wrong',
		'policy',
		{status: {policy_errors: ['/p/1.yaml:3:5: error: rings: expected ...', 'x']}},
		...(['error', /1\.yaml:3:5.*, and 1 more/, /policy lint/] as const),
	],
	[
		'a policy that is surely not meant',
		'policy',
		{status: {policy_warnings: ['/p/1.yaml:3:5: warning: x']}},
		...(['warning', /1\.yaml:3:5/, /policy lint \/etc/] as const),
	],
	[
		'a document of etcd that is wrong',
		'policy',
		{status: {policy_errors: ['etcd:/p/1.yaml:3:5: error: rings: expected ...']}},
		...(['error', /etcd:\/p\/1\.yaml:3:5/, /coloop fleet put/] as const),
	],
	[
		'an etcd that is away',
		'fleet',
		{status: {fleet: {...fleet, endpoint: null, problem: 'https://e: connect ECONNREFUSED'}}},
		...(['warning', /etcd is away.*ECONNREFUSED/, /is etcd up.*curl/] as const),
	],
	[
		'an etcd that was never read',
		'fleet',
		{
			status: {
				fleet: {...fleet, endpoint: null, revision: null, problem: 'permission denied'},
			},
		},
		...(['error', /nothing is allowed.*permission denied/, /docs\/fleet\.md/] as const),
	],
	[
		'no policy',
		'policy',
		{status: {policy_directory: null}},
		'warning',
		/no policy/,
		/10-site\.yaml/,
	],
	[
		'grants that run out',
		'grants',
		{status: {module: {...held, grants: 950}}},
		...(['error', /950 of 1000/, /ring_pages/] as const),
	],
	[
		'grants that peers keep',
		'grants',
		{status: {module: {...held, deferred: 3}}},
		...(['warning', /3 grants of ended channels/, /coloop show/] as const),
	],
	[
		'grants that were left',
		'grants',
		{status: {module: {...held, channels: 0, grants: 1}}},
		...(['warning', /1 grant left/, /module reload/] as const),
	],
	[
		'event channels that were left',
		'event channels',
		{status: {module: {...held, channels: 0, ports: 2}}},
		...(['warning', /2 event channels left/, /module reload/] as const),
	],
	[
		'br_netfilter with Docker',
		'br_netfilter',
		{
			isDom0: true,
			files: {
				'/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n',
				'/sys/class/net/docker0/flags': '0x1003\n',
			},
		},
		...([
			'warning',
			/FORWARD rules.*Docker.*keeps pairs apart.*Docker is here/,
			/sysctl.*=0/,
		] as const),
	],
	[
		'br_netfilter for IPv6 with a rule',
		'br_netfilter',
		{
			isDom0: true,
			files: {'/proc/sys/net/bridge/bridge-nf-call-ip6tables': '1\n'},
			status: {pairs: [refused('rule', 'iptables FORWARD drops')]},
		},
		...(['warning', /1 pair refused by a rule/, /physdev-is-bridged/] as const),
	],
	[
		'a rule of dom0',
		'dom0 rules',
		{
			isDom0: true,
			status: {pairs: [refused('rule', 'nftables drops'), refused('rate', '10 Mbit')]},
		},
		...(['warning', /2 pairs kept apart: a <-> b: nftables drops/, /coloop show a b/] as const),
	],
	[
		'limits that the other end does not enforce',
		'dom0 rules',
		{isDom0: true, status: {pairs: [refused('limits', 'b does not enforce limits')]}},
		...([
			'warning',
			/1 pair kept apart: a <-> b: b does not/,
			/bring coloop.*up to date/,
		] as const),
	],
	[
		'a rate of a vif with a name to be quoted',
		'dom0 rules',
		{
			isDom0: true,
			status: {pairs: [{...refused('rate', 'x'), a: {name: "Debian 12 'web'", domid: 1}}]},
		},
		...([
			'warning',
			/1 pair kept apart/,
			/rate=.*coloop show 'Debian 12 '\\''web'\\''' b/,
		] as const),
	],
	[
		'domains on different bridges',
		'ends',
		{isDom0: true, status: {pairs: [refused('bridge', 'they meet on no bridge')]}},
		...(['warning', /a <-> b: they meet on no bridge/, /one bridge.*coloop show a b/] as const),
	],
	[
		'an end that declines',
		'ends',
		{
			isDom0: true,
			status: {pairs: [refused('declined', 'b declines: x'), refused('policy', 'no rule')]},
		},
		...(['warning', /^1 pair kept apart: a <-> b: b declines: x$/, /accept/] as const),
	],
	[
		'a domain that is paused',
		'paused',
		{
			isDom0: true,
			programs: {
				'xl list': [
					'Name          ID   Mem VCPUs\tState\tTime(s)',
					'Domain-0       0  1024     1     r-----     159.9',
					'a              1   512     1     -b----       9.1',
					'my db          2   512     1     --p---       8.8',
					'other          7   512     1     --p---       8.8',
					'',
				].join('\n'),
			},
		},
		...(['warning', /^my db is paused/, /xl unpause 'my db'/] as const),
	],
	[
		'a peer that declines',
		'peers',
		{status: {peers: [peerStatus({state: 'refused', code: 'declined', reason: 'b declines'})]}},
		...(['warning', /b: refused: b declines/, /coloop doctor in b/] as const),
	],
	[
		'a peer that does not answer',
		'peers',
		{status: {peers: [peerStatus({state: 'closed', code: 'timeout', reason: 'no answer'})]}},
		...(['warning', /b: closed: no answer/, /xl list/] as const),
	],
	[
		'a peer that broke the protocol',
		'peers',
		{status: {peers: [peerStatus({state: 'broken', code: 'bad-index', reason: 'lies'})]}},
		...(['warning', /b: broken: lies/, /coloop observe b/] as const),
	],
	[
		'a peer for which there is no memory',
		'peers',
		{status: {peers: [peerStatus({state: 'closed', code: 'memory', reason: 'ENOMEM'})]}},
		...(['warning', /ENOMEM/, /ring_pages/] as const),
	],
	[
		'a discipline that the module found',
		'qdiscs',
		{
			status: {
				peers: [peerStatus({state: 'live', code: 'qdisc', reason: '9 packets took eth0'})],
			},
		},
		...(['warning', /b: 9 packets took eth0/, /tc qdisc replace/] as const),
	],
	[
		'a discipline, and no daemon',
		'qdiscs',
		{status: undefined, programs: {'tc -j qdisc show dev eth0': '[{"kind":"tbf"}]'}},
		...(['warning', /eth0: tbf/, /tc qdisc replace/] as const),
	],
	[
		'an fq with a rate, and no daemon',
		'qdiscs',
		{
			status: undefined,
			programs: {
				'tc -j qdisc show dev eth0': '[{"kind":"fq","options":{"maxrate":125000}}]',
			},
		},
		...(['warning', /eth0: fq/, /tc qdisc replace/] as const),
	],
	[
		'a native XDP program that the module found',
		'XDP',
		{status: {peers: [peerStatus({links: [{...link, blocked: 'xdp'}]})]}},
		...(['warning', /eth0 may not receive/, /xdp off/] as const),
	],
	[
		'a native XDP program, and no daemon',
		'XDP',
		{
			status: undefined,
			programs: {'ip -j -d link show dev eth0': '[{"xdp":{"mode":1,"prog":{"id":3}}}]'},
		},
		...(['warning', /eth0 has a native XDP program/, /xdpgeneric/] as const),
	],
	[
		'a bond whose other port is active',
		'bonds',
		{status: {peers: [peerStatus({links: [{...link, blocked: 'inactive'}]})]}},
		...(['warning', /eth0 may not receive.*inactive/, /bonding/] as const),
	],
	[
		'coloop0 down',
		'coloop0',
		{files: {'/sys/class/net/coloop0/flags': '0x1002\n'}},
		...(['error', /is down/, /ip link set coloop0 up/] as const),
	],
	[
		'coloop0 in a bridge',
		'coloop0',
		{programs: {'ip -j address show dev coloop0': '[{"master":"br0"}]'}},
		...(['error', /a port of br0/, /nomaster/] as const),
	],
	[
		'coloop0 with an address',
		'coloop0',
		{
			programs: {
				'ip -j address show dev coloop0': '[{"addr_info":[{"local":"169.254.7.9"}]}]',
			},
		},
		...(['warning', /169\.254\.7\.9/, /address flush/] as const),
	],
	[
		'systemd-networkd on coloop0',
		'managers',
		{files: {'/run/systemd/netif/links/7': 'ADMIN_STATE=configuring\n'}},
		...(['warning', /systemd-networkd is configuring/, /Unmanaged=yes/] as const),
	],
	[
		'NetworkManager on coloop0',
		'managers',
		{programs: {'nmcli -t -f DEVICE,STATE device': 'coloop0:connecting (getting IP)\n'}},
		...(['warning', /NetworkManager has coloop0: connecting/, /managed no/] as const),
	],
	[
		'a DHCP client on coloop0',
		'managers',
		{
			programs: {
				'pgrep -a -f (dhclient|dhcpcd|udhcpc|wpa_supplicant).*coloop0':
					'812 dhclient coloop0\n',
			},
		},
		...(['warning', /812 dhclient coloop0/, /take coloop0 out/] as const),
	],
	[
		'dhcpcd on coloop0, as it titles itself',
		'managers',
		{
			programs: {
				'pgrep -a -f (dhclient|dhcpcd|udhcpc|wpa_supplicant).*coloop0':
					'118 dhcpcd: [BPF BOOTP] coloop0\n',
			},
		},
		...(['warning', /118 dhcpcd/, /denyinterfaces coloop0 >>\/etc\/dhcpcd\.conf/] as const),
	],
];

for (const [what, check, machine, verdict, says_, remedy] of cases) {
	test(`${check}: ${what}`, async t => {
		const found = await findingOf(check, machine);
		t.is(found?.verdict, verdict, found?.says);
		t.regex(found?.says ?? '', says_);
		t.regex(found?.remedy ?? '', remedy);
	});
}

test('every check has a case that trips it, and a name of its own', t => {
	const names = checks.map(({name}) => name);
	t.is(new Set(names).size, names.length);
	t.deepEqual(
		names.filter(name => !cases.some(([, check]) => check === name)),
		[],
	);
});

for (const [what, check, machine] of [
	[
		'br_netfilter that keeps nobody apart',
		'br_netfilter',
		{isDom0: true, files: {'/proc/sys/net/bridge/bridge-nf-call-iptables': '1\n'}},
	],
	[
		'a generic XDP program',
		'XDP',
		{programs: {'ip -j -d link show dev eth0': '[{"xdp":{"mode":2}}]'}},
	],
	[
		'a signed module under Secure Boot',
		'Secure Boot',
		{
			files: {[efi]: '\u0006\0\0\0\u0001'},
			programs: {'modinfo -F signer coloop': 'DKMS key\n'},
		},
	],
	[
		'a trouble of yesterday',
		'troubles',
		{status: {troubles: [{time: now - 90_000, level: 'warn', event: 'x', message: null}]}},
	],
	['a bond with an active port', 'bonds', {files: {'/proc/net/bonding/bond0': 'x'}}],
	[
		'coloop0 that networkd leaves alone',
		'managers',
		{files: {'/run/systemd/netif/links/7': 'ADMIN_STATE=unmanaged\n'}},
	],
	[
		'programs that print nonsense',
		'qdiscs',
		{programs: {'tc -j qdisc show dev eth0': '<!-- no JSON'}},
	],
	[
		'an fq and a cake without a rate',
		'qdiscs',
		{
			programs: {
				'tc -j qdisc show dev eth0':
					'[{"kind":"fq","options":{}},{"kind":"cake","options":{"bandwidth":"unlimited"}}]',
			},
		},
	],
	[
		'a policy for a guest that allows nothing to dom0',
		'dom0 rules',
		{isDom0: true, status: {pairs: [refused('policy', 'x')]}},
	],
] as ReadonlyArray<readonly [string, string, Machine]>) {
	test(`no fault: ${what}`, async t => {
		const found = await findingOf(check, machine);
		t.is(found?.verdict, 'ok', found?.says);
	});
}

test('a machine that has nothing at all is no failure of ours', async t => {
	const nothing = Object.fromEntries(Object.keys(guestFiles).map(path => [path, undefined]));
	const {exit, out, err} = await doctor({files: nothing, status: undefined});
	t.is(exit, 1);
	t.deepEqual(err, []);
	t.notRegex(out.join('\n'), /fault of coloop doctor|undefined|NaN/);
	t.regex(
		out.at(-1) ?? '',
		/^coloop 0\.1\.0, coloopd -, module -; .*Xen, kernel, module, daemon/,
	);
});

test('JSON has the same, and its form a number', async t => {
	const {out, exit} = await doctor({status: {host: 'silent'}}, '--json');
	const told = JSON.parse(out.join('\n'));
	t.is(exit, 1);
	t.like(told, {schema: 1, version: '0.1.0'});
	t.deepEqual(
		told.findings.map(({check}: Found) => check),
		checks.map(({name}) => name),
	);
	t.regex(told.summary, /1 error/);
});

test('names of others in it move no cursor', async t => {
	const pairs = [{...refused('rule', 'x\u001b[2J'), a: {name: 'evil\u001b]0;x', domid: 1}}];
	const {out} = await doctor({isDom0: true, status: {pairs}});
	t.false(out.join('\n').includes('\u001b'));
});
