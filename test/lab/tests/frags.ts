// SPDX-License-Identifier: MIT
// Streams whose bytes are left in pages that are granted to the peer: intact, whatever becomes of the channel.
import test, {type ExecutionContext} from 'ava';
import {load, patient, step} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import type {Lab} from '../lab.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {labWith, type Given} from '../with-lab.ts';
import {holdsNothing} from './_bout.ts';
import {writeBlocks} from './_nbd.ts';

/** Not a multiple of a page, so that no two turns of it lie alike in a block. */
const blob = 15_999_983;
const slow = {timeout: 600_000};

type Ends = {readonly a: Drive; readonly b: Drive; readonly link: Link};

type Route = {
	/** Where the stream is sent to. */
	readonly address?: string;
	readonly port?: number;
};

/** So many blobs go from a to b, and `meanwhile` something happens; all arrive, and in order. */
async function stream(
	t: ExecutionContext,
	from: Guest,
	to: Guest,
	turns: number,
	meanwhile: () => Promise<void> = async () => {},
	{address = `TCP:${to.name}`, port = 7200}: Route = {},
): Promise<void> {
	const sum = `/tmp/sum.${port}`;
	await to.run(`rm -f ${sum}
		(socat -u -b 65536 TCP6-LISTEN:${port},ipv6only=0,reuseaddr - | sha256sum >${sum}.new
			mv ${sum}.new ${sum}) </dev/null >/dev/null 2>&1 &
		until ss -Htln sport = ${port} | grep -q .; do busybox usleep 50000; done`);
	const send = `for turn in $(seq ${turns}); do cat /tmp/blob; done`;
	const sent = from.run(`${send} | socat -u -b 65536 - ${address}:${port}`, slow);
	await meanwhile();
	await sent;
	const {stdout: theirs} = await to.run(
		`until [ -f ${sum} ]; do busybox usleep 50000; done; cat ${sum}`,
		slow,
	);
	const {stdout: ours} = await from.run(`(${send}) | sha256sum`, slow);
	t.is(theirs, ours);
}

/** More than IP can say the length of: by IPv4 and IPv6, one connection and four, as taps show it. */
async function larger(t: ExecutionContext, lab: Lab, ends: Ends): Promise<void> {
	const {stdout: version} = await lab.a.run('uname -r');
	const takesIPv4 = !version.startsWith('6.1.');
	for (const [address, isLarge] of [
		['TCP:b', takesIPv4],
		['TCP6:b6', true],
	] as const) {
		const taps = await Promise.all(
			[lab.a, lab.b].map(async each => {
				const tap = each.spawn('exec tcpdump -n -i eth0 -c 20 greater 70000');
				await until(
					'tcpdump listens',
					() => tap.stderr().includes('listening on'),
					patient,
				);

				return tap;
			}),
		);
		await stream(t, lab.a, lab.b, 3, undefined, {address});
		for (const tap of taps) {
			// It ends by itself with the last of those that it waits for.
			await (isLarge ? tap.done : tap.stop());
		}
	}
	await Promise.all(
		[7200, 7201, 7202, 7203].map(port => stream(t, lab.a, lab.b, 2, undefined, {port})),
	);
	t.is((await ends.b.channel(ends.a)).droppedHeader, 0);
}

/** The receiver passes them on by a device that takes no such packets: dom0 gets all of it. */
async function passedOn(t: ExecutionContext, {a, b, dom0}: Lab): Promise<void> {
	await b.run(`sysctl -q net.ipv4.ip_forward=1
		nft 'table ip nat {
			chain in { type nat hook prerouting priority -100; tcp dport 7300 dnat to 10.0.0.254; }
			chain out { type nat hook postrouting priority 100; tcp dport 7300 masquerade; }
		}'`);
	await stream(t, a, dom0, 4, undefined, {address: 'TCP:b', port: 7300});
	await b.run('nft flush ruleset; sysctl -q net.ipv4.ip_forward=0');
}

/** How many bytes of a's went by reference since, and how many in all. */
async function share({a, b}: Ends): Promise<{referred: number; sent: number; granted: number}> {
	const {referredBytes, txBytes, grantedFragPages} = await a.channel(b);

	return {referred: referredBytes, sent: txBytes, granted: grantedFragPages};
}

/** Sends all the time, and prints when its TCP_NOTSENT_LOWAT, which it never sets, is another than before. */
const writer = `
import socket, time
sock = socket.create_connection(("b", 7201))
was = None
while True:
    sock.sendall(bytes(65536))
    now = sock.getsockopt(socket.IPPROTO_TCP, 25)
    if now != was:
        print(now, flush=True)
    was = now
    time.sleep(0.01)
`;

/** What a channel has set in a socket is as it was when the module has gone. */
async function leavesSockets(from: Guest, to: Guest, unload: () => Promise<void>): Promise<void> {
	const sink = to.spawn('exec socat -u TCP-LISTEN:7201,reuseaddr OPEN:/dev/null');
	await until('b listens', async () => (await to.run('ss -Htln sport = 7201')).stdout !== '');
	const program = from.spawn(`exec python3 -c '${writer}'`);
	const says = (what: string) => () => program.stdout().trim().endsWith(what);
	await until('its socket writes into frag pages', says('131071'), patient);
	await unload();
	await until('its socket is as before', says('\n0'), patient);
	await program.stop();
	await sink.done;
}

test('frag pages', labWith({mode: 'icount'}), async (t: ExecutionContext, {lab}: Given) => {
	await load(lab.a);
	await load(lab.b);
	await lab.a.run(`head -c ${blob} /dev/urandom >/tmp/blob`);
	const [a, b] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
	const link = new Link(a, b);
	const ends = {a, b, link};
	await link.connect();

	const before = await a.info();
	const quiet = (await a.channel(b)).grantedFragPages;
	t.is(quiet, 0, 'nothing is granted before there is a stream');
	await step(t, 'what the kernel writes is its own', writeBlocks(lab.a, lab.b));
	const {txBytes: blocks, grantedFragPages} = await a.channel(b);
	t.true(blocks > 16 * 1024 * 1024);
	t.is(grantedFragPages, 0);
	await step(t, 'most of a stream goes by reference', stream(t, lab.a, lab.b, 6));
	const {referred, sent, granted} = await share(ends);
	t.log(`${referred} of ${sent - blocks} bytes by reference, ${granted} pages granted`);
	t.true(referred > 0.8 * (sent - blocks));
	t.true(granted > 0 && granted <= 1024);
	t.is((await b.channel(a)).mappedFragPages, granted);
	t.is((await a.info()).grants, before.grants + granted + 1);

	await step(t, 'packets are larger than IP can say', larger(t, lab, ends));
	await step(t, 'and are passed on as such as IP can', passedOn(t, lab));

	await step(
		t,
		'the channel goes and comes back, five times',
		stream(t, lab.a, lab.b, 30, async () => {
			for (let turn = 0; turn < 5; turn++) {
				await lab.a.run('sleep 0.3', {silent: true});
				await link.close();
				await link.connect();
			}
		}),
	);
	t.true((await share(ends)).referred > 0);

	await step(
		t,
		'the receiver goes without a word',
		stream(t, lab.a, lab.b, 12, async () => {
			await lab.a.run('sleep 0.3', {silent: true});
			await b.stop();
			await lab.b.run('rmmod coloop');
		}),
	);
	await link.left.close(b);
	await holdsNothing(a);
	await a.forget(b);
	await lab.b.run('insmod /opt/coloop/coloop.ko');
	const again = await Drive.start(lab, lab.b);
	const relink = new Link(a, again);
	await relink.connect();

	await step(
		t,
		'the sender goes without a word',
		stream(t, lab.a, lab.b, 12, async () => {
			await lab.a.run('sleep 0.3', {silent: true});
			t.true((await a.channel(again)).grantedFragPages > 0);
			await a.stop();
			await lab.a.run('rmmod coloop');
		}),
	);
	await lab.a.run('insmod /opt/coloop/coloop.ko');
	const last = await Drive.start(lab, lab.a);
	const closing = new Link(last, again);
	await again.forget(a);
	await closing.connect();
	await step(
		t,
		'a socket that stays is as before when the module has gone',
		leavesSockets(lab.a, lab.b, async () => {
			await last.stop();
			await lab.a.run('rmmod coloop');
		}),
	);
	await again.stop();
});
