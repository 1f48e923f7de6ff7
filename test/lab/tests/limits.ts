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
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 240_000};

const limitA = (limits: string) => `${allowPair}limits:\n  - domain: a\n    ${limits}\n`;
const ownAddresses = limitA("addresses: [10.0.0.1, 'fd00::1']");

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

			return stdout.includes(holds);
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

test(
	'what dom0 lets a guest send, its receiver holds it to',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'addresses of its own': addresses,
			'rules that somebody removes': broken,
		}),
	),
);
