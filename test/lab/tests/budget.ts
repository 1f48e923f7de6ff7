// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {load, step} from '../channel.ts';
import {Drive, nobody} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {labWith} from '../with-lab.ts';

/** xl gives a guest 64 frames of 512 entries, channels have half of them. */
const limit = (64 * 512) / 2;
const epoch = 7;

/** From the widest rings to the smallest, offered until there is room for none of them. */
const sizes = [
	{order: 9, queues: 8},
	{order: 9, queues: 1},
	{order: 5, queues: 1},
];

test(
	'channels leave half of the grants to disks, and all of them end at once',
	labWith({mode: 'icount'}),
	async (t, {lab, dom0}) => {
		for (const machine of [lab.a, lab.b]) {
			await load(machine);
		}
		const [a, b] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
		const link = new Link(a, b);
		await link.connect();
		const peers = new Offers(a);
		await step(t, 'offers until they are refused', refused(t, peers));
		await step(t, 'the disk can be read', reads(lab.a));
		await step(t, 'one ends, another may begin', goesOn(t, peers));
		await a.stop();
		await dom0.run('xl pause b');
		await step(t, 'rmmod', unloads(t, lab.a, peers.count));
		await dom0.run('xl unpause b');
		await b.stop();
		await reads(lab.a);
	},
);

/** Peers that are not there, one for each offer. */
class Offers {
	readonly drive: Drive;
	count = 0;

	constructor(drive: Drive) {
		this.drive = drive;
	}

	next = () => nobody(1000 + this.count);
	last = () => nobody(1000 + this.count - 1);

	async offer(size: {order: number; queues: number}): Promise<void> {
		await this.drive.peer(this.next(), epoch);
		await this.drive.offer(this.next(), epoch, {listen: false, ...size});
		this.count += 1;
	}
}

async function refused(t: ExecutionContext, peers: Offers): Promise<void> {
	const {grantLimit} = await peers.drive.info();
	t.is(grantLimit, limit);
	for (const size of sizes) {
		const error = await t.throwsAsync(
			async () => {
				for (;;) {
					await peers.offer(size);
				}
			},
			{message: /\d+ grants needed, \d+ of 16384 held; an offer gets half the rest/},
		);
		t.log(`${peers.count} offers: ${error?.message.replace(/^.*}: /, '')}`);
	}
	const {grants, channels} = await peers.drive.info();
	t.is(channels, peers.count + 1);
	t.true(grants <= limit && grants > limit - 100, `${grants} grants are held`);
}

async function reads(machine: Guest): Promise<void> {
	const read = 'dd if=/dev/xvda of=/dev/null bs=1M count=64 iflag=direct';
	await machine.run(`timeout 60 ${read}`, {timeout: 300_000});
}

async function goesOn(t: ExecutionContext, peers: Offers): Promise<void> {
	await peers.drive.forget(peers.last());
	peers.count -= 1;
	await peers.offer({order: 5, queues: 1});
	await t.throwsAsync(peers.offer({order: 5, queues: 1}), {message: /grants needed/});
}

/** As long as for one peer that takes nothing. */
async function unloads(t: ExecutionContext, machine: Guest, count: number): Promise<void> {
	const {stdout} = await machine.run(
		'from=$(date +%s%N); rmmod coloop; echo $((($(date +%s%N) - from) / 1000000))',
		{timeout: 300_000},
	);
	t.log(`${count + 1} peers, one paused: ${stdout.trim()} ms`);
	t.true(Number(stdout) >= 500 && Number(stdout) < 1000);
}
