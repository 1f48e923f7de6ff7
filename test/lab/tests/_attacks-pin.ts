// SPDX-License-Identifier: MIT
import type {Background, Guest} from '../guest.ts';
import {until} from '../until.ts';
import type {Attack} from './_bout.ts';

/** Of test/evil/pin.c. */
const port = 7400;
/** What a socket that asks for so many bytes may hold is twice as much. */
const buffer = 256 << 10;
/** What programs that look take, and what slabs and lists of pages keep for later. */
const noise = 2 << 20;

/** What comes back with the socket is near what it was charged with, `ratio` times at most. */
function pins(name: string, does: string, frame: number, ratio: number): Attack {
	return {
		...{name, does, rule: 'R14; Linux 3226b158e67c: 32 x truesize under-estimation'},
		must: `no more than ${ratio} times of what the socket is charged with is pinned`,
		async body(bout) {
			const {t, lab, b, say} = bout;
			const holder = await deafSocket(lab.a);
			say(await b.evil(`pin ${frame}`));
			await until('the socket is full', async () => (await socket(lab.a)).dropped > 0);
			const {charged} = await socket(lab.a);
			t.true(charged > buffer, 'the socket holds what was sent');
			const left = await available(lab.a);
			holder.write('close\n');
			await until('the socket is closed', () => holder.stdout().includes('closed'));
			const pinned = (await available(lab.a)) - left;
			say(`${charged} bytes charged, ${pinned} pinned`);
			await holder.stop();
			t.true(pinned <= ratio * charged + noise);
		},
	};
}

/** A program that reads nothing of what its socket gets. */
async function deafSocket(machine: Guest): Promise<Background> {
	// SO_RCVBUFFORCE, which no sysctl limits.
	const program = machine.spawn(
		`exec perl -e 'use Socket; $| = 1;
		socket(S, PF_INET, SOCK_DGRAM, 0) or die $!;
		setsockopt(S, SOL_SOCKET, 33, pack("i", ${buffer})) or die $!;
		bind(S, sockaddr_in(${port}, INADDR_ANY)) or die $!; print "bound\\n";
		<STDIN>; close S; print "closed\\n"; <STDIN>'`,
		{open: true},
	);
	await until('the socket is bound', () => program.stdout().includes('bound'));

	return program;
}

/** Bytes, with the pages that processors keep in lists of their own, which are not counted as free. */
async function available(machine: Guest): Promise<number> {
	const {stdout} = await machine.run('cat /proc/meminfo /proc/zoneinfo', {silent: true});
	const kept = [...stdout.matchAll(/^ +count: +(\d+)$/gm)].map(([, count]) => Number(count));

	return (
		1024 * Number(/MemAvailable: +(\d+) kB/.exec(stdout)?.[1]) +
		4096 * kept.reduce((sum, each) => sum + each, 0)
	);
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
