// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	diverted,
	inTurn,
	isLive,
	pair,
	patient,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {withLab} from '../with-lab.ts';

const connect = (port: number, to = 'b') => `nc -z -w 5 ${to} ${port}`;
const serve = 'iperf3 --server --daemon';
const slow = {timeout: 240_000};

const inputAndOutput: Body = async (t, {a, b}) => {
	for (const machine of [a, b]) {
		await machine.run(serve);
	}
	await a.run(connect(5201));
	await chain(b, 'inet', 'type filter hook input priority 0', [
		'ct state established,related counter accept',
		'tcp dport 5201 counter drop',
	]);
	const before = await diverted(a);
	await a.run(connect(5201), {fails: true});
	t.true((await diverted(a)) > before);
	t.true((await counted(b, 'drop')) > 0);

	// An answer to what b itself began is established, and comes in.
	await b.run(connect(5201, 'a'));
	t.true((await counted(b, 'accept')) > 0);
	await b.run('nft flush ruleset');
	await a.run(connect(5201));

	await chain(a, 'inet', 'type filter hook output priority 0', [
		'tcp dport 5201 counter reject with tcp reset',
	]);
	await a.run(connect(5201), {fails: true});
	t.true((await counted(a, 'reject')) > 0);
	await a.run('nft flush ruleset');
};

const nat: Body = async (t, {a, b}) => {
	await a.run(`ip netns add inner && ip link add inner type veth peer name eth0 netns inner &&
		ip addr add 192.168.77.1/24 dev inner && ip link set inner up &&
		ip -n inner addr add 192.168.77.2/24 dev eth0 && ip -n inner link set eth0 up &&
		ip -n inner route add default via 192.168.77.1 && sysctl -qw net.ipv4.ip_forward=1 &&
		ip netns exec inner iperf3 --server --daemon --port 5202`);
	await chain(a, 'ip', 'type nat hook postrouting priority srcnat', [
		'oifname "eth0" counter masquerade',
	]);
	await chain(a, 'ip', 'type nat hook prerouting priority dstnat', [
		'iifname "eth0" tcp dport 8080 counter dnat to 192.168.77.2:5202',
	]);
	for (const [client, command, counter] of [
		[a, 'ip netns exec inner iperf3 -c 10.0.0.2 -t 2', 'masquerade'],
		[b, 'iperf3 -c a -p 8080 -t 2', 'dnat'],
	] as const) {
		const before = await diverted(client);
		t.regex((await client.run(command, slow)).stdout, /receiver/);
		t.true((await diverted(client)) > before + 10);
		t.true((await counted(a, counter)) > 0);
	}
	await a.run('nft flush ruleset');
};

const ingress: Body = async (t, {a, b}) => {
	await chain(b, 'netdev', 'type filter hook ingress device coloop0 priority 0', [
		'ether saddr 00:16:3e:00:00:01 icmp type echo-request counter drop',
	]);
	await a.run('ping -c 3 -i 0.2 -W 1 b', {fails: true});
	t.is(await counted(b, 'drop'), 3);
	await b.run('nft flush ruleset');
	await a.run('ping -c 3 -i 0.2 -W 5 b');
};

const hostRule: Body = async (t, {lab, dom0, a, b}) => {
	await chain(dom0, 'bridge', 'type filter hook forward priority 0', [
		'ip saddr 10.0.0.1 tcp dport 5201 counter drop',
	]);
	await until('the pair is refused', async () => (await pair(lab))?.code === 'rule', patient);
	await until('a has no channel', async () => !(await isLive(a, 'b')), patient);
	await until('b has no channel', async () => !(await isLive(b, 'a')), patient);
	t.regex((await dom0.run('coloop show b', slow)).stdout, /refused: .*\bsite\b/);

	// It decides again.
	const before = await diverted(a);
	await a.run(connect(5201), {fails: true});
	t.is(await diverted(a), before);
	t.true((await counted(dom0, 'drop')) > 0);

	await dom0.run('nft flush ruleset');
	await channelUp(lab);
	await a.run(connect(5201));
};

const shaped: Body = async (t, {a}) => {
	await a.run('tc qdisc replace dev eth0 root tbf rate 10mbit burst 32k latency 400ms');
	const before = await diverted(a);
	await a.run('ping -c 5 -i 0.2 -W 5 b');
	t.is(await diverted(a), before);
	const {stdout} = await a.run('tc -s -j qdisc show dev eth0');
	t.regex(stdout, /"kind":"tbf".*"packets":([5-9]|\d\d+)/);

	await a.run('tc qdisc del dev eth0 root');
	await a.run('ping -c 5 -i 0.2 -W 5 b');
	t.true((await diverted(a)) >= before + 5);
};

/** Network managers and DHCP clients that try every device find no Ethernet card to set up. */
const noCard: Body = async (t, {a}) => {
	const {stdout} = await a.run('ip -d link show type coloop; cat /sys/class/net/coloop0/uevent');
	t.regex(stdout, /coloop0: [^]*\n +coloop [^]*DEVTYPE=coloop/);
	for (const address of ['10.0.0.77/24', '169.254.7.7/16', 'fd00::77/64', 'fe80::77/64']) {
		const add = `ip addr add ${address} dev coloop0`;
		t.regex((await a.run(add, {fails: true})).stderr, /the device takes no addresses/);
	}
	await a.run('timeout 30 busybox udhcpc -n -q -t 2 -T 2 -i coloop0 -s /bin/true', {
		fails: true,
	});
	for (const change of ['add coloop7 type coloop', 'del coloop0']) {
		await a.run(`ip link ${change}`, {fails: true});
	}
	const made = await a.run('ip link add type coloop', {fails: true});
	t.regex(made.stderr, /comes and goes with the module/);
	t.notRegex(
		(await a.run('ip route; ip -6 route; ip addr show coloop0')).stdout,
		/coloop0 proto|inet/,
	);
	await a.run('ping -c 3 -i 0.2 -W 5 b');
};

/** It would send from within whatever prints, also from within our locks. */
const noConsole: Body = async (t, {a}) => {
	const netconsole = 'netconsole=@10.0.0.1/coloop0,@10.0.0.2/02:00:00:00:00:01';
	if ((await a.run('modprobe -nq netconsole', {fails: 'maybe'})).status !== 0) {
		return t.log('skip: a kernel with netconsole');
	}
	await a.run(`modprobe netconsole ${netconsole}`);
	t.regex((await a.run('dmesg | tail -n 20')).stdout, /coloop0 doesn't support polling/);
	await a.run('rmmod netconsole');
};

test(
	'rules of guests and of dom0 hold for diverted packets',
	withLab,
	withChannel(
		inTurn({
			"a guest's input and output rules, with conntrack": inputAndOutput,
			'masquerade and dnat in a guest': nat,
			'an ingress chain on coloop0': ingress,
			"a rule of dom0's bridge refuses the pair, by name": hostRule,
			'shaped traffic stays on eth0': shaped,
			'netconsole does not go over coloop0': noConsole,
			'coloop0 is no Ethernet card, and takes no addresses': noCard,
		}),
	),
);

/** Adds a chain of rules to the table `site`. */
async function chain(
	machine: Guest,
	family: string,
	hook: string,
	rules: readonly string[],
): Promise<void> {
	const name = hook.split(' ')[3] ?? '';
	const lines = [`${hook};`, ...rules].join('\n');
	await machine.run('nft -f -', {
		input: `table ${family} site {\nchain ${name} {\n${lines}\n}\n}\n`,
	});
}

/** What the counter before a verdict has counted. */
async function counted(machine: Guest, verdict: string): Promise<number> {
	const {stdout} = await machine.run('nft list ruleset');

	return Number(new RegExp(`counter packets (\\d+) bytes \\d+ ${verdict}`).exec(stdout)?.[1]);
}
