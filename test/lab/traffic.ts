// SPDX-License-Identifier: MIT
import type {Background, Guest} from './guest.ts';
import {until} from './until.ts';

/*
 * Numbers, over one TCP connection and in datagrams, for as long as the test wants. They leave
 * time for others: an emulated machine is soon busy, and a program started for each pause costs
 * more than all that is sent. perl pauses by itself; bash would need /dev/fd, which guests lack.
 */
const sendStream = `perl -e '$| = 1; for (;;) {
	print map {++$n . "\\n"} 1 .. 5000; select undef, undef, undef, 0.1
}' | socat -u - TCP:b:7100`;
const sendDatagrams = `perl -MIO::Socket::INET -e '
	my $socket = IO::Socket::INET->new(Proto => "udp", PeerAddr => "b:7101") or die $@;
	for (;;) { $socket->send(++$n . "\\n"); select undef, undef, undef, 0.02 }'`;

// The stream ends at the first number that is not the next.  Receivers of an earlier run go.
const receive = `pkill -x socat; while pgrep -x socat; do busybox usleep 50000; done >/dev/null
	rm -f /tmp/tcp /tmp/udp; touch /tmp/tcp /tmp/udp
	(setsid socat -u TCP-LISTEN:7100,reuseaddr - | setsid awk '
		$1 != ++n { exit 1 }
		n % 5000 == 0 { print n >"/tmp/tcp"; close("/tmp/tcp") }') </dev/null >/dev/null 2>&1 &
	(setsid socat -u UDP-RECV:7101 OPEN:/tmp/udp,append) </dev/null >/dev/null 2>&1 &
	until ss -Htln sport = 7100 | grep -q . && ss -Huln sport = 7101 | grep -q .; do
		busybox usleep 50000
	done`;

/** Traffic from a to b that goes on while things go wrong. */
export class Traffic {
	readonly #to: Guest;
	readonly #senders: readonly Background[];

	private constructor(to: Guest, senders: readonly Background[]) {
		this.#to = to;
		this.#senders = senders;
	}

	static async start(from: Guest, to: Guest): Promise<Traffic> {
		await to.run(receive);
		const senders = [sendStream, sendDatagrams].map(each =>
			from.spawn(`exec setsid -w bash -c '${each.replaceAll("'", `'\\''`)}'`),
		);
		const traffic = new Traffic(to, senders);
		await traffic.flows();

		return traffic;
	}

	/** Waits until more of both has arrived; the TCP connection is still the first one. */
	async flows(timeout = 180_000): Promise<void> {
		const before = await this.#arrived();
		await until(
			`more TCP and UDP arrives than ${before.tcp} and ${before.udp}`,
			async () => {
				const now = await this.#arrived();

				return now.tcp > before.tcp && now.udp > before.udp;
			},
			{timeout, every: 300},
		);
	}

	async stop(): Promise<void> {
		await Promise.all(this.#senders.map(each => each.stop()));
	}

	async #arrived(): Promise<{tcp: number; udp: number}> {
		const {stdout} = await this.#to.run('cat /tmp/tcp; wc -l </tmp/udp', {silent: true});
		const numbers = stdout.trim().split('\n').map(Number);

		return {tcp: numbers.at(-2) ?? 0, udp: numbers.at(-1) ?? 0};
	}
}
