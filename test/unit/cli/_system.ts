// SPDX-License-Identifier: MIT
import {ColoopError} from '../../../userland/errors.ts';
import type {Store} from '../../../userland/xenstore/store.ts';
import type {Ended, System} from '../../../userland/cli/system.ts';

type Parts = {
	/** By path. */
	readonly files?: Readonly<Record<string, string>>;
	/** What it prints, or how it ends, by the whole command line. */
	readonly programs?: Readonly<Record<string, string | Ended>>;
	readonly node?: string;
	/** A connection of one's own. */
	readonly store?: () => Store;
	/** Ports that take connections; others refuse them. */
	readonly open?: readonly number[];
};

/** A machine that has these files and programs, and no others. */
export function fakeSystem({
	files = {},
	programs = {},
	node = '20.19.0',
	open = [],
	store,
}: Parts = {}): System {
	return {
		read: async path => (Object.hasOwn(files, path) ? files[path] : undefined),
		list: async path => [
			...new Set(
				Object.keys(files)
					.filter(each => each.startsWith(`${path}/`))
					.map(each => each.slice(path.length + 1).split('/')[0] ?? ''),
			),
		],
		async run(program, ...args) {
			const line = [program, ...args].join(' ');
			const end = Object.hasOwn(programs, line) ? programs[line] : undefined;

			return typeof end === 'string' ? {status: 0, out: end, err: ''} : end;
		},
		connect: async (_, port) => ({ms: 0.5, isOpen: open.includes(port)}),
		async openStore() {
			if (store === undefined) {
				throw new ColoopError('NO_XEN', 'no XenStore here');
			}

			return store();
		},
		node,
	};
}

/** What a healthy guest has. */
export const guestFiles: Readonly<Record<string, string>> = {
	'/sys/hypervisor/type': 'xen\n',
	'/sys/hypervisor/version/major': '4\n',
	'/sys/hypervisor/version/minor': '20\n',
	'/sys/hypervisor/guest_type': 'PVH\n',
	'/proc/xen/capabilities': '',
	'/proc/sys/kernel/osrelease': '6.12.48+deb13-amd64\n',
	'/boot/config-6.12.48+deb13-amd64': 'CONFIG_NETFILTER=y\nCONFIG_NETFILTER_EGRESS=y\n',
	'/sys/devices/system/clocksource/clocksource0/current_clocksource': 'xen\n',
	'/sys/module/coloop/version': '0.1.0\n',
	'/dev/xen/xenbus': '',
	'/sys/class/net/eth0/device/modalias': 'xen:vif\n',
	'/sys/class/net/coloop0/flags': '0x1003\n',
	'/sys/class/net/coloop0/ifindex': '7\n',
};

export const guestPrograms: Readonly<Record<string, string | Ended>> = {
	'modinfo -F version coloop': '0.1.0\n',
	'xl list': 'Name   ID  Mem VCPUs\tState\tTime(s)\na       1  512     1     -b----       9.1\n',
	'timedatectl show -p NTPSynchronized --value': 'yes\n',
	'tc -j qdisc show dev eth0': '[{"kind":"mq","root":true},{"kind":"fq_codel"}]',
	'ip -j -d link show dev eth0': '[{"ifname":"eth0","mtu":1500}]',
	'ip -j address show dev coloop0': '[{"ifname":"coloop0","addr_info":[]}]',
	'nmcli -t -f DEVICE,STATE device': 'eth0:connected\ncoloop0:unmanaged\n',
};

/** And what dom0 has besides. */
export const dom0Files: Readonly<Record<string, string>> = {
	...guestFiles,
	'/proc/xen/capabilities': 'control_d\n',
	'/run/xenstored/socket': '',
	'/run/xen/xenstored.pid': '700\n',
	'/proc/700/comm': 'oxenstored\n',
	'/etc/xen/oxenstored.conf': 'quota-activate = true\nquota-maxentity = 1000\n',
	'/proc/sys/net/bridge/bridge-nf-call-iptables': '0\n',
};
