// SPDX-License-Identifier: MIT
import {execFileSync} from 'node:child_process';
import path from 'node:path';
import test from 'ava';
import {repository} from '../../lab/paths.ts';

type Told = {packets: string[]; forms: string[]; blurred: number[]};

const inside = path.join(repository, 'test/conform/inside');
const prelude = `
import json, struct, sys
sys.path.insert(0, ${JSON.stringify(inside)})
import build_ip, frames
A, B, ONE, TWO = "10.0.0.1", "10.0.0.2", "00:16:3e:00:00:01", "00:16:3e:00:00:02"
def seen(packet, vnet=(0, 0, 0, 0, 0, 0), status=0):
    return frames.Frame(build_ip.frame(ONE, TWO, packet), False, status, vnet, None)
def datagram(data, ports=(10000, 10001), wrong=0):
    return build_ip.udp(A, B, ports, data, wrong)
def segment(number, data, flags=0x18, ports=(20000, 20001)):
    head = struct.pack("!HHIIBBHHH", *ports, number & 0xFFFFFFFF, 0, 0x50, flags, 1000, 0, 0)
    return seen(build_ip.ipv4(A, B, 6, head + data), status=8)
def tell(captured, *options):
    return frames.describe(captured, options)
`;

/** What frames that Python makes are told as. */
function told(expression: string): Told {
	return JSON.parse(
		execFileSync('python3', ['-B', '-c', `${prelude}\nprint(json.dumps(${expression}))`], {
			encoding: 'utf8',
		}),
	) as Told;
}

test('a datagram, its checksum, and ports by their order', t => {
	const {packets} = told(`tell([
		seen(build_ip.ipv4(A, B, 17, datagram(b"hello"))),
		seen(build_ip.ipv4(A, B, 17, datagram(b"hello", wrong=1), tos=0xb8, ttl=1)),
	])`);
	t.is(packets.length, 2);
	t.regex(packets[0] ?? '', /10\.0\.0\.1>10\.0\.0\.2 17 port1>port2: ttl 64 tos 00 ok 5 /);
	t.regex(packets[1] ?? '', /port1>port2: ttl 1 tos b8 bad 5 /);
});

test('fragments are the datagram that they make, and were fragments; by themselves where asked', t => {
	const parts = `[
		seen(build_ip.ipv4(A, B, 17, datagram(bytes(2000))[:800], 7, 1, 0)),
		seen(build_ip.ipv4(A, B, 17, datagram(bytes(2000))[800:], 7, 0, 800)),
	]`;
	const whole = told(`tell([seen(build_ip.ipv4(A, B, 17, datagram(bytes(2000))))])`);
	const cut = told(`tell(${parts})`);
	t.deepEqual(cut.packets, whole.packets);
	t.regex(cut.forms[0] ?? '', /2 fragments$/);
	t.regex(whole.forms[0] ?? '', /whole$/);
	t.regex(told(`tell(${parts}, "fragments")`).packets[1] ?? '', /id1 800\+1208 /);
});

test('a train is its segments, and was a train', t => {
	const {packets, forms} = told(
		`tell([seen(build_ip.ipv4(A, B, 17, datagram(bytes(2500))), vnet=(1, 5, 42, 1000, 0, 0))])`,
	);
	t.deepEqual(
		packets.map(line => / (\d+) \w+$/.exec(line)?.[1]),
		['1000', '1000', '500'],
	);
	t.regex(forms[0] ?? '', /train of 3$/);
});

test('a stream is its bytes, however it is cut; what is missing or other is seen', t => {
	const start = `segment(99, b"", 0x02)`;
	const one = told(`tell([${start}, segment(100, b"abcdef")])`);
	t.deepEqual(told(`tell([${start}, segment(100, b"abc"), segment(103, b"def")])`), one);
	t.deepEqual(told(`tell([${start}, segment(103, b"def"), segment(100, b"abc")])`), one);
	for (const other of ['segment(103, b"def")', 'segment(100, b"abcdeF")']) {
		t.notDeepEqual(told(`tell([${start}, ${other}])`).packets, one.packets);
	}
	t.regex(told(`tell([${start}, segment(100, b"", 0x14)])`).packets.join('\n'), /1 resets/);
});

test('neighbours are left out, and blur what counts them, unless they are the case', t => {
	const arp = `frames.Frame(bytes(12) + b"\\x08\\x06" + bytes(28), False, 0, (0,) * 6, None)`;
	const group = `seen(build_ip.ipv4(A, "224.0.0.22", 2, bytes(8)))`;
	t.like(told(`tell([${arp}, ${group}])`), {packets: [], blurred: [4]});
	t.is(told(`tell([${arp}], "neighbours")`).packets.length, 1);
});
