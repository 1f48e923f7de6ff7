// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {
	channelUp,
	gaveAllBack,
	holdings,
	inTurn,
	isDiverted,
	patient,
	peer,
	start,
	step,
	withChannel,
	type Body,
} from '../channel.ts';
import {Traffic} from '../traffic.ts';
import {until} from '../until.ts';
import {withLab, type Given} from '../with-lab.ts';
import {daemons, garbage, interfaces, pause, policy, reload, save, type Fault} from './_faults.ts';

type Holdings = Awaited<ReturnType<typeof holdings>>;

/**
 * Faults one after the other under the same traffic, which outlives them all. After each the
 * channel is there and both modules hold as many grants, maps and ports as before.
 */
function underTraffic(faults: Readonly<Record<string, Fault>>): Body {
	return async (t, given) => {
		const {a, b} = given;
		const before = await holdings(a, b);
		const traffic = await Traffic.start(a, b);

		for (const [name, fault] of Object.entries(faults)) {
			await step(t, name, withstand(t, given, traffic, fault, before));
		}
		await traffic.stop();
	};
}

async function withstand(
	t: ExecutionContext,
	given: Given,
	traffic: Traffic,
	fault: Fault,
	before: Holdings,
): Promise<void> {
	await fault(t, given, traffic);
	await channelUp(given.lab);
	await isDiverted(given.a);
	await traffic.flows();
	await holdAgain(given, before);
}

async function holdAgain({a, b}: Given, before: Holdings): Promise<void> {
	await until(
		`both hold ${JSON.stringify(before)}`,
		async () => JSON.stringify(await holdings(a, b)) === JSON.stringify(before),
		patient,
	);
}

const destroy: Body = async (_t, given) => {
	const {lab, dom0, a, b} = given;
	const before = await holdings(a, b);
	const traffic = await Traffic.start(a, b);
	await dom0.run('xl destroy b');
	await until('a has no peer b', async () => (await peer(a, 'b')) === undefined, patient);
	await gaveAllBack(a);
	await traffic.stop();

	await lab.create('b');
	await start(b);
	await channelUp(lab);
	const again = await Traffic.start(a, b);
	await again.stop();
	await holdAgain(given, before);
};

test(
	'connections outlive faults',
	withLab,
	withChannel(
		inTurn({
			'under one TCP connection and UDP': underTraffic({
				'any daemon is killed and comes back': daemons,
				'the module goes and comes back': reload,
				'policy is broken, withdrawn, denied and mended': policy,
				'eth0 goes down and up': interfaces,
				'a guest writes garbage where dom0 reads': garbage,
				'a peer is paused for 30 seconds': pause,
				'a peer is saved and restored': save,
			}),
			'a peer is destroyed, and another takes its name': destroy,
		}),
	),
);
