// SPDX-License-Identifier: MIT
import type {Background, Guest} from '../guest.ts';
import {until} from '../until.ts';
import type {Attack} from './_bout.ts';

/** Of test/evil/pin.c. */
const port = 7400;
/** What a socket that asks for so many bytes may hold is twice as much. */
const buffer = 256 << 10;
/** Pages that a pool, slabs and lists of a processor keep for later, whoever pinned them. */
const noise = 4 << 20;

/** The victim's memory that is gone is near what its socket is charged with, `ratio` times at most. */
function pins(name: string, does: string, frame: number, ratio: number): Attack {
	return {
		...{name, does, rule: 'R14; Linux 3226b158e67c: 32 x truesize under-estimation'},
		must: `no more than ${ratio} times of what the socket is charged with is pinned; all comes back`,
		async body(bout) {
			const {t, lab, b, say} = bout;
			const holder = await deafSocket(lab.a);
			const before = await available(lab.a);
			say(await b.evil(`pin ${frame}`));
			await until('the socket is full', async () => (await socket(lab.a)).dropped > 0);
			const {charged} = await socket(lab.a);
			const pinned = before - (await available(lab.a));
			say(`${charged} bytes charged, ${pinned} pinned`);
			t.true(charged > buffer, 'the socket holds what was sent');
			t.true(pinned <= ratio * charged + noise);
			await holder.stop();
			await until(
				'the memory is back',
				async () => before - (await available(lab.a)) <= noise,
			);
		},
	};
}

/** A program that reads nothing of what its socket gets. */
async function deafSocket(machine: Guest): Promise<Background> {
	// SO_RCVBUFFORCE, which no sysctl limits.
	const program = machine.spawn(`exec perl -e 'use Socket; $| = 1;
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		setsockopt(S, SOL_SOCKET, 33, pack("i", ${buffer})) or die $!;
		bind(S, sockaddr_in(${port}, INADDR_ANY)) or die $!; print "bound\\n"; sleep'`);
	await until('the socket is bound', () => program.stdout().includes('bound'));

	return program;
}

async function available(machine: Guest): Promise<number> {
	const {stdout} = await machine.run('cat /proc/meminfo', {silent: true});

	return 1024 * Number(/MemAvailable: +(\d+) kB/.exec(stdout)?.[1]);
}

async function socket(machine: Guest): Promise<{charged: number; dropped: number}> {
	const {stdout} = await machine.run(`ss -Huanm sport = :${port}`, {silent: true});
	const [, charged, dropped] = /skmem:\(r(\d+),.*,d(\d+)\)/.exec(stdout) ?? [];

	return {charged: Number(charged), dropped: Number(dropped)};
}

export const pinned: readonly Attack[] = [
	pins('pin-short', 'datagrams of 215 bytes, each in memory of its own', 257, 3),
	pins('pin-linear', 'the longest frames that are copied in one piece', 1536, 3),
	pins('pin-fragment', 'the shortest frames of which a part lies in a chunk', 1537, 16),
];
