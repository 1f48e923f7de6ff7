// SPDX-License-Identifier: MIT
import test from 'ava';
import {channelUp, inTurn, load, patient, step, withChannel, type Body} from '../channel.ts';
import {Drive} from '../drive.ts';
import {Link, type LinkOptions} from '../link.ts';
import {Counter, Numbers} from '../numbered.ts';
import {hasPolled} from '../polled.ts';
import {withLab} from '../with-lab.ts';

type Listener = NonNullable<LinkOptions['listener']>;

/**
 * The right end has mapped an offer of the left one, which takes it back, offers anew in the same
 * epoch and attaches to what the right one offered: a page that says "mapped", of another offer.
 * The right one is paused meanwhile, or it would close as soon as it looks at the older offer.
 */
function stale(listener: Listener): Body {
	return withDrives(listener, async (t, {dom0, a}, link) => {
		const {left, right} = link;
		await link.begin();
		const first = await link.offerBoth();
		await right.attach(left, link.epoch, first.left);
		await dom0.run('xl pause b');
		await left.forget(right);
		await left.peer(right, link.epoch);
		await left.offer(right, link.epoch, {order: 5, listen: listener === 'left'});
		await left.attach(right, link.epoch, first.right);
		await hasPolled(a);
		t.is((await left.channel(right)).state, 'mapped');

		await dom0.run('xl unpause b');
		for (const [one, other] of [
			[right, left],
			[left, right],
		] as const) {
			t.is((await one.reaches(other, 'live', 'closed')).reason, 'peer-closed');
		}
		await link.connect();
	});
}

/** An end that has mapped the other hears of its end, though that one has no event channel yet. */
function untold(listener: Listener): Body {
	return withDrives(listener, async (t, _given, link) => {
		const {left, right} = link;
		await link.begin();
		const first = await link.offerBoth();
		await right.attach(left, link.epoch, first.left);
		await left.close(right);
		t.is((await right.reaches(left, 'closed')).reason, 'peer-closed');
	});
}

function withDrives(
	listener: Listener,
	body: (t: Parameters<Body>[0], given: Parameters<Body>[1], link: Link) => Promise<void>,
): Body {
	return async (t, given) => {
		const {lab} = given;
		const [left, right] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
		const link = new Link(left, right, {order: 5, listener});
		await body(t, given, link);
		await link.forget();
		await Promise.all([left.stop(), right.stop()]);
	};
}

const rounds = 8;

/**
 * Down while both ends are in the middle of the next channel's first steps, and up again.  Asked by
 * the socket: a command of its own would take longer than the steps.  dom0 has a pair that comes and
 * goes so often wait, up to 10 s in the end, so it is not asked too often meanwhile.
 */
const hasty: Body = async (t, {lab, a, b}) => {
	const ask = (request: string) => `echo '{${request}}' | nc -U -w 30 /run/coloop/coloopd.sock`;
	const [down, up] = ['down', 'up'].map(op => `${ask(`"op":"${op}","names":["b"]`)} >/dev/null`);
	const becomes = (state: string) =>
		`until ${ask('"op":"status"')} | grep -q '"state":"${state}"'; do busybox usleep 400000; done`;
	const counter = await Counter.start(b);
	const flow = new Numbers(a, 'b', 50);
	await a.run(
		`for time in $(seq ${rounds}); do
			${down}; ${up}; busybox usleep $((150000 + 20000 * time))
			${down}; ${becomes('held')}; ${up}; ${becomes('live')}
		done`,
		{timeout: 2 * patient.timeout},
	);
	const received = await flow.stop();
	await a.run('ping -q -c 5 -i 0.2 -W 5 b');
	t.deepEqual(await counter.stop(), {received, doubled: 0, late: 0});
	await channelUp(lab);
};

test('an offer is taken up once', withLab, async (t, given) => {
	for (const guest of [given.a, given.b]) {
		await load(guest);
	}
	for (const listener of ['left', 'right'] as const) {
		await step(t, `a peer that mapped an older offer, ${listener}`, stale(listener)(t, given));
		await step(t, `closed before it was attached, ${listener}`, untold(listener)(t, given));
	}
});

test('down and up in haste lose nothing', withLab, withChannel(inTurn({hasty})));
