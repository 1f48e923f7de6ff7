// SPDX-License-Identifier: MIT
import {addressesOf} from './guest.ts';
import type {Dom0} from './dom0.ts';

/** Where Debian has it, so that `ovs-vsctl` and the like find it without a word. */
const schema = '/usr/share/openvswitch/vswitch.ovsschema';
const folder = '/run/openvswitch';

/**
 * Puts the real Open vSwitch in the place of dom0's bridge, with dom0's address and the guests' vifs. Its datapath is the one in user space: that needs no module, but checksums
 * in the frames that it gets. The daemons end with ours.
 */
export async function changeToOvs(dom0: Dom0, guests: readonly string[]): Promise<void> {
	const {device, mac, ip, ip6} = addressesOf({name: 'dom0', domid: 0});

	await startOvs(dom0);
	await dom0.sh(`
		ip link del ${device}
		ovs-vsctl --timeout=10 add-br ${device} -- set bridge ${device} datapath_type=netdev \
			other_config:hwaddr=${mac}
		ethtool -K ${device} tx off >/dev/null
		ip link set ${device} up
		ip addr add ${ip}/16 dev ${device}
		ip addr add ${ip6}/64 dev ${device} nodad
	`);
	for (const name of guests) {
		await dom0.sh(`
			ip netns exec ${name} ethtool -K eth0 tx off >/dev/null
			ovs-vsctl --timeout=10 add-port ${device} ${dom0.guest(name).device}
		`);
	}
}

/** Ends the switch, as in a crash; its database stays. */
export async function killSwitch(dom0: Dom0): Promise<void> {
	await dom0.sh(`kill -9 $(cat ${folder}/ovs-vswitchd.pid)`);
}

export async function startSwitch(dom0: Dom0): Promise<void> {
	start(dom0, 'ovs-vswitchd', [`unix:${folder}/db.sock`, '--disable-system']);
	await dom0.sh('until ovs-appctl version >/dev/null 2>&1; do sleep 0.05; done');
}

async function startOvs(dom0: Dom0): Promise<void> {
	await dom0.sh(`mkdir -p ${folder} && ovsdb-tool create ${folder}/conf.db ${schema}`);
	start(dom0, 'ovsdb-server', [`${folder}/conf.db`, `--remote=punix:${folder}/db.sock`]);
	await dom0.sh(`
		until [ -S ${folder}/db.sock ]; do sleep 0.05; done
		ovs-vsctl --timeout=10 --no-wait init
	`);
	await startSwitch(dom0);
}

function start(dom0: Dom0, program: string, words: readonly string[]): void {
	const daemon = dom0.namespace.start([program, ...words, '--pidfile', '-vconsole:off'], {
		stdio: ['ignore', 'ignore', 'inherit'],
		env: {OVS_RUNDIR: folder, OVS_DBDIR: folder, OVS_LOGDIR: folder},
	});

	daemon.unref();
}
