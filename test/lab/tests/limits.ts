// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {
	allowFixed,
	allowPair,
	channelBetween,
	diverted,
	inTurn,
	patient,
	peer,
	start,
	withChannel,
	writePolicy,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 1_200_000};

/** In Mbit/s; a channel carries many times that. */
const limit = 8;

/** A limit lets a second's worth and 128 KiB through at once: over so many seconds that is 4.7 %. */
const seconds = 24;

const limitA = (limits: string) => `${allowPair}limits:\n  - domain: a\n    ${limits}\n`;
const ownAddresses = limitA("addresses: [10.0.0.1, 'fd00::1']");
const rateOnly = limitA(`rate: ${limit} Mbit/s`);

type Listing = {
	readonly nftables: ReadonlyArray<{
		readonly rule?: {
			readonly expr: ReadonlyArray<{readonly counter?: {readonly packets: number}}>;
		};
	}>;
};

/** What each of our rules has dropped, in their order: DHCP, routers, IPv4, IPv6, rate; undefined: there are none. */
async function drops(receiver: Guest): Promise<number[] | undefined> {
	const {status, stdout} = await receiver.run('nft -j list chain netdev coloop received', {
		fails: 'maybe',
		silent: true,
	});
	if (status !== 0) {
		return undefined;
	}

	return (JSON.parse(stdout) as Listing).nftables.flatMap(({rule}) =>
		(rule?.expr ?? []).flatMap(({counter}) => (counter ? [counter.packets] : [])),
	);
}

async function set(dom0: Guest, receiver: Guest, policy: string, holds: string): Promise<void> {
	await writePolicy(dom0, policy);
	await until(
		`the receiver has ${holds}`,
		async () => {
			const {stdout} = await receiver.run('nft list ruleset', {silent: true});

			return holds === '' ? !stdout.includes('coloop') : stdout.includes(holds);
		},
		patient,
	);
}

/** How many of five were answered; all of them went into the channel. */
async function answered(
	t: ExecutionContext,
	from: Guest,
	source: string,
	to: string,
): Promise<number> {
	const before = await diverted(from);
	const {stdout} = await from.run(`ping -q -c 5 -i 0.2 -W 2 -I ${source} ${to}`, {
		...slow,
		fails: 'maybe',
	});
	t.true((await diverted(from)) - before >= 5, `${source} takes the channel`);

	return Number(/ (\d+) received/.exec(stdout)?.[1]);
}

const addresses: Body = async (t, {dom0, a, b}) => {
	const epoch = (await peer(b, 'a'))?.epoch;
	await a.run('ip addr add 10.0.0.77/24 dev eth0; ip addr add fd00::77/64 dev eth0 nodad');
	t.is(await answered(t, a, '10.0.0.77', 'b'), 5, 'as long as nobody limits it');
	t.is(await answered(t, a, 'fd00::77', 'b6'), 5);

	await set(dom0, b, ownAddresses, '10.0.0.1');
	t.is(await answered(t, a, '10.0.0.1', 'b'), 5);
	t.is(await answered(t, a, 'fd00::1', 'b6'), 5);
	t.deepEqual(await drops(b), [0, 0, 0, 0, 0]);
	t.is(await answered(t, a, '10.0.0.77', 'b'), 0);
	t.is(await answered(t, a, 'fd00::77', 'b6'), 0);
	t.deepEqual(await drops(b), [0, 0, 5, 5, 0]);
	await forge(a, 200);
	await until('they are dropped', async () => (await drops(b))?.[2] === 205, patient);
	t.is(await answered(t, b, '10.0.0.2', 'a'), 5, 'of b nothing was said');
	t.like(await peer(b, 'a'), {state: 'live', epoch});
};

/** By a raw socket, from an address that the sender does not have. */
async function forge(from: Guest, count: number): Promise<void> {
	await from.run(`perl -MSocket -e '
		socket(my $s, PF_INET, SOCK_RAW, 255) or die $!;
		my $ip = pack("C C n n n C C n a4 a4", 0x45, 0, 28, 0, 0, 64, 17, 0, map {inet_aton($_)} "10.0.0.9", "b");
		for (1 .. ${count}) { send($s, $ip . pack("n4", 7, 7, 8, 0), 0, sockaddr_in(0, inet_aton("b"))) or die $! }'`);
}

const broken: Body = async (t, {a, b}) => {
	const epoch = (await peer(b, 'a'))?.epoch;
	await b.run('nft delete table netdev coloop');
	await until('they are back', async () => (await drops(b)) !== undefined, patient);
	t.is(await answered(t, a, '10.0.0.77', 'b'), 0);
	t.is((await drops(b))?.[2], 5);
	t.regex((await b.run('cat /var/log/coloopd.log')).stdout, /limits\.restored/);
	t.like(await peer(b, 'a'), {state: 'live', epoch});
	await a.run('ip addr del 10.0.0.77/24 dev eth0; ip addr del fd00::77/64 dev eth0');
};

type Interval = {
	readonly sum: {readonly bytes: number; readonly seconds: number; readonly omitted: boolean};
};
type Report = {readonly server_output_json: {readonly intervals: readonly Interval[]}};

/** What iperf3's server got, in Mbit/s of payload, after the first seconds; it came by the channel. */
async function received(t: ExecutionContext, from: Guest, how: string, time = seconds) {
	const before = await diverted(from);
	const command = `iperf3 -c b -O 4 -t ${time} -J --get-server-output ${how}`;
	const {stdout} = await from.run(command, slow);
	const intervals = (JSON.parse(stdout) as Report).server_output_json.intervals
		.map(({sum}) => sum)
		.filter(({omitted}) => !omitted);
	const total = (key: 'bytes' | 'seconds') =>
		intervals.reduce((sum, interval) => sum + interval[key], 0);
	t.true(total('seconds') > time - 1);
	t.true((await diverted(from)) - before > total('bytes') / 65_536);
	const rate = (total('bytes') * 8) / total('seconds') / 1e6;
	t.log(`${how || 'TCP'}: ${rate.toFixed(2)} Mbit/s in ${total('seconds').toFixed(0)} s`);

	return rate;
}

const rates: Body = async (t, {dom0, a, b}) => {
	const epoch = (await peer(b, 'a'))?.epoch;
	await b.run('iperf3 --server --daemon --json');
	await set(dom0, b, rateOnly, `rate over ${limit * 125_000} bytes/second`);
	const datagrams = ((await received(t, a, '-u -b 24M -l 1400')) * 1428) / 1400;
	t.true(Math.abs(datagrams / limit - 1) < 0.05, `${datagrams} Mbit/s of packets`);
	const stream = await received(t, a, '');
	t.true(Math.abs(stream / limit - 1) < 0.05, `${stream} Mbit/s`);
	t.true(((await drops(b))?.[4] ?? 0) > 0);
	t.like(await peer(b, 'a'), {state: 'live', epoch});

	await set(dom0, b, allowPair, '');
	t.true((await received(t, a, '', 4)) > 2 * limit);
	t.like(await peer(b, 'a'), {state: 'live', epoch});
	await b.run('pkill -x iperf3');
};

/** Written by xl itself, whose own script makes no rules of it on Debian. */
const ofVif: Body = async (t, {lab, dom0, b}) => {
	await writePolicy(dom0, allowFixed('b', 'c'));
	const c = await lab.create('c', {memoryMiB: 320, vif: `ip=10.0.0.3,rate=${limit}Mb/s`});
	await start(c);
	await channelBetween(c, b);
	const rule = (await b.run('nft list table netdev coloop')).stdout;
	t.regex(rule, new RegExp(`rate over ${limit * 125_000} bytes/second`));
	await c.run('ip addr add 10.0.0.77/24 dev eth0');
	t.is(await answered(t, c, '10.0.0.3', 'b'), 5);
	t.is(await answered(t, c, 'fd00::3', 'b6'), 5, 'ip= names no address of IPv6');
	t.is(await answered(t, c, '10.0.0.77', 'b'), 0);
	t.deepEqual((await drops(b))?.slice(2), [5, 0, 0]);

	await b.run('iperf3 --server --daemon --json');
	const datagrams = ((await received(t, c, '-u -b 24M -l 1400')) * 1428) / 1400;
	t.true(Math.abs(datagrams / limit - 1) < 0.05, `${datagrams} Mbit/s of packets`);
	await b.run('pkill -x iperf3');
	const vif = '/local/domain/0/backend/vif/$(xl domid c)/0';
	await dom0.run(`xenstore-write ${vif}/ip '10.0.0.3 10.0.0.77'`);
	await until(
		'b takes the other address',
		async () => (await answered(t, c, '10.0.0.77', 'b')) > 0,
		patient,
	);
	t.is((await peer(b, 'c'))?.state, 'live');
	// It goes whole, with what its daemon wrote.
	await dom0.run('xl destroy c');
};

test(
	'what dom0 lets a guest send, its receiver holds it to',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'addresses of its own': addresses,
			'rules that somebody removes': broken,
			'a rate, set and lifted': rates,
			'ip= and rate= of a vif': ofVif,
		}),
	),
);
