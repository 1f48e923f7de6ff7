// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {diverted, inTurn, load, patient, type Body} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {labWith, type Given} from '../with-lab.ts';

/**
 * An XDP program that drops IPv4 pings and passes all else, compiled (gzip, base64):
 *
 *	unsigned char *p = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
 *	if (p + 34 > end) return 2;
 *	if (p[12] == 8 && p[13] == 0 && p[23] == 1) return 1;
 *	return 2;
 */
const dropPings =
	'H4sICNs9DGsCA3hkcF9kcm9wX2ljbXAubwCrd/VxY2JkZIABRobvDAgeAnQgCTpASXagyu1AFhMQJwqxgEUTBSFq9gtD' +
	'aHZmBgYlIK2rzAHmFwrxgOlQJlYGDjCfF8pnBtPbwW4AiguKg/miQLcxQsVB9kyFusE9wIcBH4C4kZmhAE3cHSqegSbO' +
	'DsRCDMxwfgWUVgdiQQYWuDiMxcLKoFeSWlHCUJFSEJ9SlF8Qn5mcWwDiMejl5JTlxiempBQVZ6YzxOdkJqfmFacy6BWX' +
	'FJUkJgHpylwQ7ePkZBBvCqFMGCgFBmBfYQIraLz5oYkzYuGDMBvWcMQELGh8UQL6K9DEOdD4GlD96H7YgcM+dPdLgvT6' +
	'/M8HUg3I4hZQhUwE9FtgUQMCB9DcD3MjzP0S0JgDAPKvI2VIAwAA';

type Driven = Given & {readonly link: Link; readonly left: Drive; readonly right: Drive};
type Step = (t: ExecutionContext, driven: Driven) => Promise<void>;

/** Pings of a take a new channel to b. */
const connected: Step = async (t, {a, link}) => {
	await link.connect();
	// The first may wait for an answer to ARP.
	await a.run('ping -c 1 -W 5 b');
	const before = await diverted(a);
	await a.run('ping -q -c 3 -i 0.2 -W 5 b');
	t.true((await diverted(a)) >= before + 3);
};

/** b ended it by itself, told a, and makes no other. */
const blocked = async (t: ExecutionContext, {link, left, right}: Driven, why: RegExp) => {
	t.is((await right.reaches(left, 'closed')).reason, 'blocked');
	await left.reaches(right, 'closed');
	const {epoch} = link;
	const refused = await t.throwsAsync(right.offer(left, epoch, {order: 5, listen: false}));
	t.regex(refused?.message ?? '', why);
};

const xdp: Step = async (t, driven) => {
	const {a, b} = driven;
	await b.run('base64 -d | gunzip >/tmp/xdp.o', {input: dropPings});
	await connected(t, driven);
	await b.run('ip link set dev eth0 xdpdrv obj /tmp/xdp.o sec xdp');
	await blocked(t, driven, /bypass the XDP program of eth0/);
	// All is netfront's again. In this lab its program meets none of these pings, see the README.
	const ended = await diverted(a);
	await a.run('ping -q -c 3 -i 0.2 -W 1 b', {fails: 'maybe'});
	t.is(await diverted(a), ended);

	await b.run('ip link set dev eth0 xdpdrv off');
	await until(
		'pings pass',
		async () => (await a.run('ping -c 1 -W 2 b', {fails: 'maybe'})).status === 0,
		patient,
	);
	await connected(t, driven);

	// A generic program sees what comes by the channel, which stays.
	await b.run('ip link set dev eth0 xdpgeneric obj /tmp/xdp.o sec xdp');
	const before = await diverted(a);
	await a.run('ping -q -c 3 -i 0.2 -W 1 b', {fails: true});
	t.is(await diverted(a), before + 3);
	await b.run('ip link set dev eth0 xdpgeneric off');
	await a.run('ping -q -c 3 -i 0.2 -W 5 b');
};

/** A vif takes another address only while it is down. */
const readdress = (guest: Guest, address: string) =>
	guest.run(`ip link set eth0 down; ip link set eth0 address ${address}; ip link set eth0 up`);

/** Frames to the address that dom0 knows are then another host's, as for netfront. */
const readdressed: Step = async (t, driven) => {
	const {a, b} = driven;
	await connected(t, driven);
	const before = await diverted(a);
	const {stdout: own} = await b.run('cat /sys/class/net/eth0/address');
	await readdress(b, '02:00:00:00:00:09');
	await a.run('ping -q -c 3 -i 0.2 -W 1 b', {fails: true});
	t.true((await diverted(a)) >= before + 3);
	await readdress(b, own.trim());
	for (const guest of [a, b]) {
		await guest.run('ip neigh flush dev eth0');
	}
	await a.run('ping -q -c 3 -i 0.2 -W 5 b');
};

/** The second port is on the same bridge; the bond has the address of eth0. */
const makeBond = `modprobe bonding max_bonds=0
	until [ -d /sys/class/net/eth2 ]; do sleep 1; done
	ip link add bond0 type bond mode active-backup miimon 100
	ip addr flush dev eth0; ip link set eth0 down; ip link set eth2 down
	ip link set eth0 master bond0; ip link set eth2 master bond0
	echo eth0 >/sys/class/net/bond0/bonding/primary
	ip link set bond0 up; ip addr add 10.0.0.2/24 dev bond0
	until grep -q eth0 /sys/class/net/bond0/bonding/active_slave; do sleep 1; done`;

const bond: Step = async (t, driven) => {
	const {a, b, dom0} = driven;
	const port = 'mac=00:16:3e:00:07:02 bridge=xenbr0 script=vif-bridged';
	await dom0.run(`xl network-attach b ${port}`, patient);
	await b.run(makeBond, patient);
	await connected(t, driven);

	const pings = a.spawn('exec ping -i 0.2 b', {silent: true});
	await until('pings pass', () => pings.stdout().includes('icmp_seq=10 '), patient);
	await b.run('echo eth2 >/sys/class/net/bond0/bonding/active_slave');
	await blocked(t, driven, /eth0 is a port of a bond or team/);
	await a.run('ping -q -c 10 -i 0.2 -W 2 b');
	const {stdout} = await pings.stop('SIGINT');
	const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
	t.true(Number(sent) - Number(received) <= 5, stdout.slice(-200));

	await b.run('echo eth0 >/sys/class/net/bond0/bonding/active_slave');
	await connected(t, driven);
	await b.run('ip link set dev eth0 down');
	await blocked(t, driven, /eth0 is a port of a bond or team/);
	await a.run('ping -q -c 10 -i 0.2 -W 2 b');
	await dom0.run('xl network-detach b 00:16:3e:00:07:02', patient);
	await b.run('while [ -d /sys/class/net/eth2 ]; do busybox usleep 50000; done', patient);
};

const driven =
	(step: Step): Body =>
	async (t, given) => {
		const left = await Drive.start(given.lab, given.a);
		const right = await Drive.start(given.lab, given.b);
		const link = new Link(left, right, {order: 5});
		await step(t, {...given, link, left, right});
		await link.forget();
		for (const end of [left, right]) {
			await end.stop();
		}
	};

test(
	'what only a device of b would decide, it decides',
	labWith({mode: 'icount'}),
	async (t, given) => {
		for (const guest of [given.a, given.b]) {
			await load(guest);
		}
		await inTurn({
			'native and generic XDP programs': driven(xdp),
			'an interface whose address was changed': driven(readdressed),
			'a port of a bond that is not the active one': driven(bond),
		})(t, given);
		for (const guest of [given.a, given.b]) {
			await guest.run('rmmod coloop');
		}
	},
);
