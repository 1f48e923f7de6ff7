// SPDX-License-Identifier: MIT
import {patient} from '../channel.ts';
import type {Guest} from '../guest.ts';
import type {Given} from '../with-lab.ts';
import {dkmsModule, policy} from './_packages.ts';

export type Trouble = {
	readonly breaks: (given: Given) => Promise<unknown>;
	/** Each until it says all of these. */
	readonly told: (given: Given) => ReadonlyArray<readonly [Guest, string, ...RegExp[]]>;
	readonly mends: (given: Given) => Promise<unknown>;
};

const site = '/etc/coloop/policy.d/10-site.yaml';
const kernel = '$(uname -r)';

/** What goes wrong, what of the tool tells it, and how it is put right again. */
export const troubles: Readonly<Record<string, Trouble>> = {
	'wrong YAML': {
		async breaks({dom0}) {
			await dom0.push(site, policy.replace('pairs', 'pears'));
			await dom0.run('systemctl reload coloopd', {...patient, fails: true});
		},
		told: ({dom0}) => [
			[dom0, 'status', /^not healthy:$/m, /policy: .*10-site\.yaml:2:1: error: .*pears/],
			[dom0, 'doctor', /error +policy +.*10-site\.yaml:2:1/, /-> coloop policy lint/],
		],
		mends: async ({dom0}) => {
			await dom0.push(site, policy);
			await dom0.run('systemctl reload coloopd', patient);
		},
	},
	'no module loaded': {
		breaks: ({a}) => a.run('rmmod coloop'),
		told: ({a}) => [
			[a, 'status', /the coloop module is not loaded: modprobe coloop/],
			[
				a,
				'doctor',
				/error +module +the module \S+ is installed and not loaded/,
				/-> modprobe/,
			],
		],
		mends: ({a}) => a.run('modprobe coloop'),
	},
	'no module for this kernel': {
		breaks: ({a}) =>
			a.run(`rmmod coloop; dkms uninstall "${dkmsModule}" -k ${kernel}`, {
				...patient,
				fails: 'maybe',
			}),
		told: ({a}) => [
			[a, 'status', /the coloop module is not loaded/],
			[a, 'doctor', /error +module +no module is installed for Linux/, /-> .*linux-headers-/],
		],
		mends: ({a}) =>
			a.run(`dkms install "${dkmsModule}" -k ${kernel} && modprobe coloop`, patient),
	},
	/* What such a kernel would say of itself; none is booted here. */
	'a kernel without the hook': {
		breaks: ({a}) => a.run(`sed -i.kept /NETFILTER_EGRESS/d /boot/config-${kernel}`),
		told: ({a}) => [
			[a, 'doctor', /error +kernel +.*CONFIG_NETFILTER_EGRESS/, /-> boot a kernel/],
		],
		mends: ({a}) => a.run(`mv /boot/config-${kernel}.kept /boot/config-${kernel}`),
	},
	"a rule of dom0's": {
		breaks: ({dom0}) =>
			dom0.run(`nft 'table bridge mine {
				chain forward { type filter hook forward priority 0; tcp dport 23 drop; }
			}'`),
		told: ({dom0, a}) => [
			[dom0, 'list', /a <-> b .*refused .*nftables.*bridge mine forward/],
			[dom0, 'show a b', /none, refused: .*bridge mine forward/],
			[
				dom0,
				'doctor',
				/warning +dom0 rules +1 pair kept apart: a <-> b/,
				/-> take the rule away/,
			],
			[a, 'test b', /b is no peer of this domain/, /in dom0|dom0 keeps apart/],
		],
		mends: ({dom0}) => dom0.run('nft delete table bridge mine'),
	},
	'a rate in the guest': {
		breaks: ({a}) =>
			a.run(
				`tc qdisc replace dev eth0 root tbf rate 100mbit burst 64k latency 50ms
				ping -c 100 -i 0.4 b`,
				patient,
			),
		told: ({a, dom0}) => [
			[a, 'show b', /queueing discipline of eth0 promises.*\(tc qdisc show dev eth0\)/],
			[a, 'doctor', /warning +qdiscs +/, /-> tc qdisc replace dev/],
			[dom0, 'show a b', /a sends to b by the ordinary path: the queueing discipline/],
		],
		mends: ({a}) => a.run('tc qdisc del dev eth0 root'),
	},
	'another bridge': {
		breaks: ({dom0}) =>
			dom0.run(`ip link add other0 type bridge && ip link set other0 up
				ip link set "vif$(xl domid a).0" master other0`),
		told: ({dom0}) => [
			[dom0, 'show a b', /none, refused: .*bridge/],
			[
				dom0,
				'doctor',
				/warning +ends +1 pair kept apart/,
				/-> put a vif of each on one bridge/,
			],
		],
		mends: ({dom0}) =>
			dom0.run('ip link set "vif$(xl domid a).0" master xenbr0; ip link del other0'),
	},
	'a guest that accepts nobody': {
		async breaks({b}) {
			await b.push('/etc/coloop/policy.d/10-own.yaml', 'version: 1\naccept:\n  - deny: a\n');
			await b.run('systemctl reload coloopd', patient);
		},
		told: ({dom0, a}) => [
			[dom0, 'show a b', /none, refused: b declines: its policy denies a/],
			[dom0, 'doctor', /warning +ends +.*b declines/, /-> .*accept in its policy/],
			[a, 'list', /b +\d+ +refused .*b declines: its policy denies us/],
			[a, 'test b', /b has no channel: b declines: its policy denies us/],
		],
		async mends({b}) {
			await b.run('rm /etc/coloop/policy.d/10-own.yaml && systemctl reload coloopd', patient);
		},
	},
	'a daemon that is stopped': {
		breaks: ({dom0}) => dom0.run('systemctl stop coloopd', patient),
		told: ({dom0, a}) => [
			[dom0, 'status', /coloopd does not answer/],
			[
				dom0,
				'doctor',
				/error +daemon +.*its unit is inactive/,
				/-> .*systemctl start coloopd/,
			],
			[a, 'status', /dom0's coloopd is silent: start it there/],
		],
		mends: ({dom0}) => dom0.run('systemctl start coloopd', patient),
	},
	'a XenStore that is full': {
		breaks: ({a}) =>
			a.run(
				`systemctl stop coloopd && coloopd --withdraw
				n=0; for size in 200 20 1; do
					while xenstore-write $(seq $((n + 1)) $((n + size)) | sed 's,.*,data/x/& 1,'); do
						n=$((n + size))
					done
				done 2>/dev/null
				systemctl start coloopd`,
				patient,
			),
		told: ({a}) => [
			[a, 'status', /quota/i],
			[a, 'doctor', /error +quotas +XenStore refuses for want of quota/, /-> .*quota/],
		],
		mends: ({a}) => a.run('xenstore-rm data/x', patient),
	},
	'a peer that is paused': {
		breaks: async ({dom0, a}) => {
			await dom0.run('xl pause b');
			await a.run('ping -f -c 3000 -s 8000 -W 1 b', {...patient, fails: true});
		},
		told: ({dom0, a}) => [
			[dom0, 'doctor', /warning +paused +b is paused/, /-> xl unpause b/],
			[a, 'show b', /the peer took none of the data that waited for it: it is paused/],
		],
		mends: ({dom0}) => dom0.run('xl unpause b'),
	},
};
