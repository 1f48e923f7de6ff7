// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {
	allowPair,
	diverted,
	inTurn,
	patient,
	peer,
	withChannel,
	writePolicy,
	type Body,
} from '../channel.ts';
import type {Guest} from '../guest.ts';
import {Counter, Numbers} from '../numbered.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 1_200_000};
const rule = (words: string) => allowPair.replace('accept:', `    ${words}\naccept:`);
const postgres = rule('only: [{proto: tcp, ports: [5432]}]');
const many = Array.from({length: 16}, (_, index) => 9000 + 2 * index).join();

/** Packets that took the channel, and those that took the ordinary path because of the selectors. */
type Counts = {readonly channel: number; readonly left: number};

async function counts(from: Guest, to: string): Promise<Counts> {
	return {
		channel: await diverted(from),
		left: (await peer(from, to))?.ordinary['selector'] ?? 0,
	};
}

/** Which way each took while something was done; an outsider of up to three on either may be ARP's. */
async function during(from: Guest, to: string, act: () => Promise<unknown>): Promise<Counts> {
	const before = await counts(from, to);
	await act();
	const after = await counts(from, to);

	return {channel: after.channel - before.channel, left: after.left - before.left};
}

async function stream(from: Guest, port: number, more = '-n 2M'): Promise<void> {
	await from.run(`iperf3 -c b -p ${port} ${more}`, slow);
}

async function set(dom0: Guest, guests: readonly Guest[], policy: string, says: string[]) {
	await writePolicy(dom0, policy);
	for (const [index, guest] of guests.entries()) {
		await until(
			`${guest.name} diverts ${says.join(', ') || 'everything'}`,
			async () => {
				const known = await peer(guest, index === 0 ? 'b' : 'a');

				return (known?.selectors ?? []).join() === says.join();
			},
			patient,
		);
	}
}

const oneport: Body = async (t, {dom0, a, b}) => {
	const epoch = (await peer(b, 'a'))?.epoch;
	await b.run('iperf3 -s -D -p 5432; iperf3 -s -D -p 5201');
	t.like(await during(a, 'b', () => stream(a, 5201)), {left: 0}, 'without selectors all goes');

	await set(dom0, [a, b], postgres, ['only: tcp port 5432 at either end']);
	const chosen = await during(a, 'b', () => stream(a, 5432));
	t.true(chosen.channel > 20, JSON.stringify(chosen));
	t.is(chosen.left, 0);
	const back = await during(b, 'a', () => stream(a, 5432));
	t.true(back.channel > 20, 'answers take the channel, too');
	const other = await during(a, 'b', () => stream(a, 5201));
	t.true(other.left > 20, JSON.stringify(other));
	t.is(other.channel, 0);
	const pings = await during(a, 'b', () =>
		a.run('ping -q -c 5 -i 0.2 b; ping -q -c 5 -i 0.2 b6', slow),
	);
	t.deepEqual(pings, {channel: 0, left: 10});
	t.like(await peer(b, 'a'), {state: 'live', epoch});
};

/** Datagrams that IP has to cut: what has no ports is left, and arrives. */
const fragments: Body = async (t, {dom0, a, b}) => {
	const words = rule('only: [{proto: udp, ports: [5201]}, {proto: tcp}]');
	await set(dom0, [a, b], words, ['only: udp port 5201 at either end', 'only: tcp']);
	const whole = await during(a, 'b', () => stream(a, 5201, '-u -b 20M -n 1M -l 8000'));
	t.true(whole.channel > 100, `${JSON.stringify(whole)}: each datagram is one record`);
	t.true(whole.left < 20);
	await a.run(
		'nft add table netdev x; nft add chain netdev x e "{type filter hook egress device eth0 priority 0;}"',
	);
	const cut = await during(a, 'b', () => stream(a, 5201, '-u -b 20M -n 1M -l 8000'));
	t.true(cut.left > 600, `${JSON.stringify(cut)}: six fragments of each`);
	await a.run('nft delete table netdev x');
	await a.run('ping -q -c 3 -i 0.2 -s 8000 b', slow);
};

/** dom0's word and the guest's own, both. */
const both: Body = async (t, {dom0, a, b}) => {
	await a.push(
		'/etc/coloop/policy.d/05-own.yaml',
		'version: 1\naccept:\n  - allow: b\n    except: [{proto: tcp, to: {ports: [5432]}}]\n',
	);
	await set(dom0, [a], postgres, [
		'only: tcp port 5432 at either end',
		'except: tcp to port 5432',
	]);
	t.like(await during(a, 'b', () => stream(a, 5432)), {channel: 0});
	await a.run('rm /etc/coloop/policy.d/05-own.yaml');
	await set(dom0, [a, b], postgres, ['only: tcp port 5432 at either end']);
};

const anything: string[] = [];
const ours = (list: 'only' | 'except') => ({
	policy: rule(`${list}: [{proto: tcp, ports: [5432]}, {proto: udp}]`),
	says: [`${list}: tcp port 5432 at either end`, `${list}: udp`],
});
const changes = [{policy: allowPair, says: anything}, ours('only'), ours('except'), ours('only')];

/** What a sender's socket says of a stream: segments that it repeated, and those of them that had arrived before. */
async function repeated(from: Guest): Promise<{sent: number; known: number}> {
	const {stdout} = await from.run('ss -tinH state established dport = :5432');
	const stream = stdout.split('\n').find(each => /bytes_sent:\d{6}/.test(each)) ?? '';
	const [sent = NaN, known = NaN] = [/retrans:\d+\/(\d+)/, /dsack_dups:(\d+)/].map(each =>
		Number(each.exec(stream)?.[1] ?? 0),
	);

	return {sent: stream === '' ? NaN : sent, known};
}

/**
 * Policy changes again and again while flows run, which go from one way to the other and back: nothing is lost,
 * doubled or late. What a stream sends again had arrived: while packets are held for those before them, TCP may probe.
 */
const changing: Body = async (t, {dom0, a, b}) => {
	const live = await peer(a, 'b');
	const counter = await Counter.start(b);
	const flows = [new Numbers(a, 'b', 3), new Numbers(a, 'b', 10, 4000)];
	const iperf3 = a.spawn('iperf3 -c b -p 5432 -t 6000 -b 5M -i 5 --forceflush');
	await until('iperf3 runs', () => iperf3.stdout().includes('bits/sec'), patient);
	const before = await counts(a, 'b');
	for (const {policy, says} of [...changes, ...changes, ...changes]) {
		await set(dom0, [a, b], policy, says);
	}
	const after = await counts(a, 'b');
	t.true(after.channel - before.channel > 100 && after.left - before.left > 100);
	const sent = await Promise.all(flows.map(each => each.stop()));
	await a.run('ping -q -c 5 -i 0.2 -W 5 b', slow);
	const seen = await counter.stop();
	const {sent: again, known} = await repeated(a);
	t.log(`${sent.join(', ')} sent, ${JSON.stringify(seen)}; ${again} segments again`);
	t.deepEqual(seen, {received: sent.reduce((a, b) => a + b), doubled: 0, late: 0});
	t.is(again, known);
	await iperf3.stop();
	t.like(await peer(a, 'b'), {state: 'live', epoch: live?.epoch});
};

/** The largest list, one packet of which nothing matches. */
const sixteen: Body = async (t, {dom0, a, b}) => {
	const words = rule(`only: [{proto: tcp, ports: [${many}]}]`);
	const says = many.split(',').map(port => `only: tcp port ${port} at either end`);
	await set(dom0, [a, b], words, says);
	t.deepEqual(await during(a, 'b', () => a.run('ping -q -c 3 -i 0.2 b', slow)), {
		channel: 0,
		left: 3,
	});
};

/** Decides and counts what would have been diverted; diverts nothing. */
const audit: Body = async (t, {dom0, a, b}) => {
	await writePolicy(dom0, postgres.replace('accept:', '    mode: audit\naccept:'));
	await until('a audits', async () => (await peer(a, 'b'))?.code === 'audit', patient);
	const before = (await peer(a, 'b'))?.audited_packets ?? 0;
	const seen = await during(a, 'b', () => stream(a, 5432));
	t.is(seen.channel, 0);
	const audited = (await peer(a, 'b'))?.audited_packets ?? 0;
	t.true(audited - before > 20, `${audited - before} would have been diverted`);
	await a.run('ping -q -c 3 -i 0.2 b', slow);
	t.is((await peer(a, 'b'))?.audited_packets, audited, 'no others');
	await b.run('pkill -x iperf3');
};

/** A channel that carries nothing goes, and comes back with the next packet. */
const idle: Body = async (t, {dom0, a, b}) => {
	await writePolicy(dom0, rule('idle_timeout_s: 10'));
	await live(t, a, b, 'ping -q -c 1 -W 1 b');
	await until('it is idle', async () => (await peer(a, 'b'))?.state === 'ready', patient);
	await live(t, a, b, 'ping -q -c 1 -W 1 b');
};

async function live(t: ExecutionContext, a: Guest, b: Guest, act: string): Promise<void> {
	await until(
		'a packet brings the channel',
		async () => {
			await a.run(act, {fails: 'maybe', silent: true});

			return (await peer(a, 'b'))?.state === 'live' && (await peer(b, 'a'))?.state === 'live';
		},
		patient,
	);
	t.pass();
}

test(
	'what selectors choose takes the channel, all else netfront',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'one port': oneport,
			fragments,
			'two policies': both,
			'changes under traffic': changing,
			'sixteen selectors': sixteen,
			'mode: audit': audit,
			idle_timeout_s: idle,
		}),
	),
);
