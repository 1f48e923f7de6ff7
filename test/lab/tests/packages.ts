// SPDX-License-Identifier: MIT
//
// Coloop as an administrator installs it, on machines with systemd, by dpkg in dom0 and in two guests: run,
// upgraded under traffic, removed here or there, and purged until nothing of it is left.
import test from 'ava';
import {channelUp, isDiverted, isLive, patient, peer, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {Traffic} from '../traffic.ts';
import {labWith} from '../with-lab.ts';
import {allow, files, installed, takeBack, takeBuilt, upgrade} from './_packages.ts';

const withPackages = labWith({builds: false, begins: installed});

/* Where the unit lets metrics go: the socket of the package, and what its file of options names instead. */
const measures: Body = async (t, {a, lab}) => {
	const page = 'curl -s --unix-socket /run/coloop/metrics.sock http://localhost/metrics';
	await until(a, `${page} | grep '^coloop_build_info'`);
	t.is((await a.run('stat -c "%a %U" /run/coloop/metrics.sock')).stdout, '600 root\n');
	const folder = '/var/lib/prometheus/node-exporter';
	await a.push(
		'/etc/default/coloopd',
		`COLOOPD_OPTIONS="--metrics 127.0.0.1:9787 --metrics ${folder}/coloop.prom"\n`,
	);
	await a.run(`mkdir -p ${folder} && systemctl restart coloopd`, patient);
	await until(a, "curl -s http://127.0.0.1:9787/metrics | grep '^coloop_build_info'");
	await until(a, `grep '^coloop_build_info' ${folder}/coloop.prom`);
	await a.run(`systemctl stop coloopd && ! ls ${folder}/coloop.prom`, patient);
	await takeBack(lab);
};

/* Whoever manages networks leaves coloop0 alone, whatever the administrator tells them. */
const isLeftAlone: Body = async (t, {a, b, lab}) => {
	await allow(lab);
	await a.push(
		'/etc/systemd/network/10-all.network',
		'[Match]\nName=coloop*\n[Network]\nAddress=192.0.2.1/24\n',
	);
	await a.run('systemctl start systemd-networkd', patient);
	await until(a, 'networkctl --no-pager list coloop0 | grep unmanaged');
	await a.run('systemctl start avahi-daemon', patient);
	await until(a, 'journalctl -u avahi-daemon | grep "mDNS multicast group on interface eth0"');
	await a.run('! journalctl -u avahi-daemon | grep coloop0');
	/* dhcpcd tries, until it takes itself an address: there it is refused. */
	await a.run('dhcpcd -b coloop0', patient);
	await until(a, "journalctl | grep 'dhcpcd.*coloop0.*169[.]254'");
	t.regex(
		(await a.run('coloop doctor', patient)).stdout,
		/dhcpcd.*\n.*-> .*denyinterfaces coloop0/,
	);
	await a.run("! ip addr show dev coloop0 | grep 'inet'; ! ip route | grep coloop0");
	await a.run('dhcpcd -x coloop0; echo denyinterfaces coloop0 >>/etc/dhcpcd.conf', patient);
	await a.run("! timeout 20 dhcpcd -B coloop0 2>&1 | grep 'coloop0: soliciting'", patient);
	await channelUp(lab);
	await b.run('ping -c 3 -W 2 a');
	await takeBack(lab);
};

const upgrades: Body = async (t, {dom0, a, b, lab}) => {
	await allow(lab);
	const traffic = await Traffic.start(a, b);
	await isDiverted(a);
	/* A channel that ended meanwhile would have another epoch, or fewer packets. */
	const lives = async () =>
		(await Promise.all([peer(a, 'b'), peer(b, 'a')])).map(
			each => `${each?.state} ${each?.epoch}`,
		);
	const sent = async () => (await peer(a, 'b'))?.tx_packets ?? 0;
	const [before, sentBefore] = [await lives(), await sent()];
	const build = (machine: Guest) => machine.run('cat /sys/module/coloop/srcversion');
	const loaded = (await build(a)).stdout;
	for (const machine of [dom0, a, b]) {
		await upgrade(machine);
		await traffic.flows();
	}
	t.deepEqual(await lives(), before);
	t.true((await sent()) > sentBefore);
	t.is((await build(a)).stdout, loaded);
	await isDiverted(a);
	/* The module changes when it is told to, and the channel comes back. */
	await takeBuilt(a);
	await a.run('coloop module reload --force', patient);
	await traffic.flows();
	await channelUp(lab);
	await traffic.flows();
	await traffic.stop();
	await takeBack(lab);
};

const removesInGuest: Body = async (t, {a, b, lab, until}) => {
	await allow(lab);
	await a.run('dpkg -r coloop', patient);
	await a.run('ping -c 3 -W 2 b');
	await a.run('! ls -d /sys/module/coloop /sys/class/net/coloop0');
	await until('b has no channel', async () => !(await isLive(b, 'a')), patient);
	t.is((await b.run('coloop -j | jq -c .module.grants', patient)).stdout, '0\n');
	await a.run('dpkg -i /root/debs/coloop_*.deb', patient);
	await channelUp(lab);
	await takeBack(lab);
};

const removesInDom0: Body = async (_, {dom0, a, lab, until}) => {
	await allow(lab);
	await dom0.run('dpkg -r coloop', patient);
	await until('a has no channel', async () => !(await isLive(a, 'b')), patient);
	await a.run('ping -c 3 -W 2 b');
	await dom0.run('! xenstore-ls -f | grep coloop/peers');
	await dom0.run('dpkg -i /root/debs/coloop_*.deb', patient);
	await channelUp(lab);
	await takeBack(lab);
};

/* The packages go while the channel is live, and no machine keeps a file, a module, a device or a node. */
const purges: Body = async (t, {dom0, a, b, lab}) => {
	await allow(lab);
	for (const machine of [a, dom0, b]) {
		await machine.run('dpkg -P coloop coloop-dkms coloop-doc', patient);
		await machine.run('! ls -d /run/coloop /sys/module/coloop /sys/class/net/coloop0');
		await machine.run('! nft list tables | grep coloop');
		const left = await machine.run(`${files} | diff /root/before -`, {
			...patient,
			fails: 'maybe',
		});
		t.is(left.stdout, '', machine.name);
	}
	await dom0.run('! xenstore-ls -f | grep coloop');
	await a.run('ping -c 3 -W 2 b');
};

/** Waits in the machine. */
async function until(machine: Guest, condition: string): Promise<void> {
	await machine.run(`until ${condition}; do busybox usleep 500000; done`, patient);
}

test('metrics go where the unit lets them', withPackages, measures);
test('managers of networks leave coloop0 alone', withPackages, isLeftAlone);
test('daemon and module are upgraded under traffic', withPackages, upgrades);
test('removed in a guest, and back', withPackages, removesInGuest);
test('removed in dom0, and back', withPackages, removesInDom0);
test('purged, without a trace', withPackages, purges);
