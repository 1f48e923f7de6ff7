// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	inTurn,
	isDiverted,
	isLive,
	patient,
	withChannel,
	type Body,
} from '../channel.ts';
import type {Background, Guest} from '../guest.ts';
import {Counter, counterPort, lastLine} from '../numbered.ts';
import {labWith} from '../with-lab.ts';

const eth0Up = `ip link set eth0 up; ip addr replace 10.0.0.1/24 dev eth0
	ip -6 addr replace fd00::1/64 dev eth0 nodad`;

async function flood(a: Guest, ms: number): Promise<Background> {
	const flood = a.spawn(`exec /opt/coloop/senders flood b ${counterPort} ${ms}`);
	await isDiverted(a);

	return flood;
}

/** A sender hears of a backlog without room as it would of a full queue of its device. */
const refused: Body = async (t, {dom0, a, b}) => {
	const counter = await Counter.start(b);
	const sender = await flood(a, 8000);
	await dom0.run('xl pause b; busybox usleep 1500000; xl unpause b');
	const {stdout, stderr} = await sender.done;
	t.log(stdout.trim(), stderr);
	t.true(lastLine<{refused: number}>(stdout).refused > 0);
	await counter.stop();
	t.true((await isLive(a, 'b')) && (await isLive(b, 'a')));
};

/** The device goes down, or for good, with packets for it in the backlog. */
const gone: Body = async (t, {lab, dom0, a, b}) => {
	const counter = await Counter.start(b);
	const vif = 'mac=00:16:3e:00:00:01 bridge=xenbr0 script=vif-bridged';
	for (const [goes, comes] of [
		[() => a.run('ip link set eth0 down'), () => a.run(eth0Up)],
		[
			() => dom0.run('xl network-detach a 0', patient),
			async () => {
				await dom0.run(`xl network-attach a ${vif}`, patient);
				await a.run(
					'until [ -e /sys/class/net/eth0 ]; do busybox usleep 200000; done',
					patient,
				);
				await a.run(eth0Up);
			},
		],
	] as const) {
		const sender = await flood(a, 60_000);
		await dom0.run('xl pause b; busybox usleep 1000000');
		await goes();
		await dom0.run('xl unpause b');
		await sender.stop();
		await comes();
		await channelUp(lab);
	}
	await counter.stop();
	t.pass();
};

test(
	'what waits for room is refused, or goes with its device',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'a full backlog is told': refused,
			'a device goes away': gone,
		}),
	),
);
