// SPDX-License-Identifier: MIT
//
// Coloop as an administrator installs it, on machines with systemd: by dpkg, in dom0 and in two guests, until
// nothing of it is left.
import test from 'ava';
import {channelUp, inTurn, isDiverted, isLive, patient, peer, type Body} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {hasSystemd, stackFromEnvironment} from '../images.ts';
import {Traffic} from '../traffic.ts';
import {labWith} from '../with-lab.ts';
import {
	buildPackages,
	install,
	takeBuilt,
	whole,
	withoutHeaders,
	type Packages,
} from './_packages.ts';

const stack = stackFromEnvironment();
const debian = stack === 'systemd-12' ? '12' : '13';
const withSystemd = labWith({builds: false});
const policy = "version: 1\npairs:\n  - allow: [a, b]\naccept:\n  - allow: '*'\n";
const before = new Map<string, string>();
let first: Packages = new Map();
let next: Packages = new Map();

const prepare: Body = async (_, {dom0, a, b, skip}) => {
	if (!hasSystemd(stack)) {
		skip('systemd: STACK=systemd or STACK=systemd-12');
	}
	[first, next] = await buildPackages(debian);
	for (const machine of [dom0, a, b]) {
		await withoutHeaders(machine);
		before.set(machine.name, await whole(machine));
	}
};

const installs: Body = async (_, {dom0, a, b}) => {
	for (const machine of [dom0, a, b]) {
		await install(machine, first);
		await says(machine, 'Linux .* has no module coloop loaded');
		await takeBuilt(machine);
		await machine.run('systemctl restart coloopd', patient);
		await says(machine, 'open');
	}
};

/* Where the unit lets metrics go: the socket of the package, and what its file of options names instead. */
const measures: Body = async (t, {a}) => {
	const page = 'curl -s --unix-socket /run/coloop/metrics.sock http://localhost/metrics';
	await a.run(`until ${page} | grep '^coloop_build_info'; do sleep 1; done`, patient);
	t.is((await a.run('stat -c "%a %U" /run/coloop/metrics.sock')).stdout, '600 root\n');
	const folder = '/var/lib/prometheus/node-exporter';
	await a.run(`mkdir -p ${folder} && cp /etc/default/coloopd /root/options`);
	await a.push(
		'/etc/default/coloopd',
		`COLOOPD_OPTIONS="--metrics 127.0.0.1:9787 --metrics ${folder}/coloop.prom"\n`,
	);
	await a.run(
		`systemctl restart coloopd
		until curl -s http://127.0.0.1:9787/metrics | grep '^coloop_build_info'; do sleep 1; done
		until grep '^coloop_build_info' ${folder}/coloop.prom; do sleep 1; done
		mv /root/options /etc/default/coloopd && systemctl restart coloopd
		! ls ${folder}/coloop.prom && rm -r /var/lib/prometheus`,
		patient,
	);
	await says(a, 'open');
};

/* Nothing is allowed before the administrator says so, and what he says wrong is in nobody's way. */
const allows: Body = async (t, {dom0, a, b, lab}) => {
	await a.run('ping -c 3 -W 2 b');
	t.false(await isLive(a, 'b'));
	await dom0.push('/etc/coloop/policy.d/10-site.yaml', policy.replace('pairs', 'pears'));
	const {stderr} = await dom0.run('coloop policy reload', {fails: true});
	t.regex(stderr, /10-site\.yaml:2:1: error/);
	await dom0.run('systemctl reload coloopd', {fails: true});
	await dom0.push('/etc/coloop/policy.d/10-site.yaml', policy);
	await dom0.run('systemctl reload coloopd', patient);
	await channelUp(lab);
	await leftAlone(b);
};

const upgrades: Body = async (t, {dom0, a, b, lab}) => {
	const traffic = await Traffic.start(a, b);
	await isDiverted(a);
	const lives = async () =>
		(await Promise.all([peer(a, 'b'), peer(b, 'a')])).map(each => [
			...[each?.state, each?.epoch, each?.since],
		]);
	const since = await lives();
	const build = (machine: Guest) => machine.run('cat /sys/module/coloop/srcversion');
	const loaded = (await build(a)).stdout;
	for (const machine of [dom0, a, b]) {
		await install(machine, next);
		await traffic.flows();
	}
	t.deepEqual(await lives(), since);
	t.is(since[0]?.[0], 'live');
	t.is((await build(a)).stdout, loaded);
	await isDiverted(a);
	/* The module changes when it is told to, and the channel comes back. */
	await takeBuilt(a);
	await a.run('coloop module reload --force', patient);
	await traffic.flows();
	await channelUp(lab);
	await traffic.flows();
	await traffic.stop();
};

const removesInGuest: Body = async (t, {a, b, lab, until}) => {
	await a.run('dpkg -r coloop', patient);
	await a.run('ping -c 3 -W 2 b');
	await a.run('! ls -d /sys/module/coloop /sys/class/net/coloop0');
	await until('b has no channel', async () => !(await isLive(b, 'a')), patient);
	t.is((await b.run('coloop -j | jq -c .module.grants', patient)).stdout, '0\n');
	await a.run('dpkg -i /root/debs/coloop_*.deb', patient);
	await channelUp(lab);
};

const removesInDom0: Body = async (_, {dom0, a, lab, until}) => {
	await dom0.run('dpkg -r coloop', patient);
	await until('a has no channel', async () => !(await isLive(a, 'b')), patient);
	await a.run('ping -c 3 -W 2 b');
	await dom0.run('! xenstore-ls -f | grep coloop/peers');
	await dom0.run('dpkg -i /root/debs/coloop_*.deb', patient);
	await channelUp(lab);
};

const purges: Body = async (t, {dom0, a, b}) => {
	for (const machine of [a, dom0, b]) {
		await machine.run('dpkg -P coloop coloop-dkms coloop-doc && rm -rf /root/debs', patient);
		await machine.run('! ls -d /run/coloop /sys/module/coloop /sys/class/net/coloop0');
		t.is(await whole(machine), before.get(machine.name) ?? '', machine.name);
	}
	await dom0.run('! xenstore-ls -f | grep coloop');
	await a.run('ping -c 3 -W 2 b');
};

/** Waits until `systemctl status` shows a status that has these words. */
async function says(machine: Guest, words: string): Promise<void> {
	await machine.run(
		`until systemctl show -P ActiveState coloopd | grep -qx active &&
			systemctl show -P StatusText coloopd | grep -q '${words}'; do busybox usleep 500000; done`,
		patient,
	);
}

/** systemd-networkd leaves coloop0 alone, whatever pattern of the administrator's would match it. */
async function leftAlone(machine: Guest): Promise<void> {
	const file = '/etc/systemd/network/10-all.network';
	await machine.push(file, '[Match]\nName=coloop*\n[Network]\nAddress=192.0.2.1/24\n');
	await machine.run(
		`systemctl start systemd-networkd
		until networkctl --no-pager list coloop0 | grep -q unmanaged; do busybox usleep 300000; done
		systemctl stop systemd-networkd.socket systemd-networkd; rm ${file}`,
		patient,
	);
	await machine.run("! ip addr show dev coloop0 | grep 'inet '");
}

test(
	'installed, used, upgraded under traffic, removed, purged',
	withSystemd,
	inTurn({
		...{prepare, installs, measures, allows, upgrades},
		...{removesInGuest, removesInDom0, purges},
	}),
);
