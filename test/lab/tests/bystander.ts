// SPDX-License-Identifier: MIT
import test from 'ava';
import {claim} from '../../claims/claim.ts';
import {diverted, load, type Body} from '../channel.ts';
import {Drive} from '../drive.ts';
import type {Guest} from '../guest.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';
import {answers} from './_bout.ts';

/** Most of its rate that the victim's other channel may lose to what is no traffic. */
const most = 0.1;

/*
 * What a hostile guest can do all the time, beside keeping its own processor busy. Records without
 * end are traffic like any other: they cost who takes them the time to drop them. What that costs is
 * said, beside what small datagrams cost that come by the ordinary path.
 */
const nuisances = ['events', 'headers', 'payload'] as const;

/**
 * The victim a, its good peer c, and the liar b, on one processor in counted time. A guest that does
 * nothing but compute takes its share of that as well; so that is what an attack is compared with.
 */
const beside: Body = async (t, {lab, a, b}) => {
	const c = await lab.create('c');
	await Promise.all([load(a), load(c), b.run('insmod /opt/coloop/evil.ko')]);
	const [victim, liar, friend] = [
		await Drive.start(lab, a),
		await Drive.start(lab, b),
		await Drive.start(lab, c),
	];
	const good = new Link(victim, friend);
	const bad = new Link(victim, liar);
	await answers(a, 'b');
	await answers(a, 'c');
	await good.connect();
	await c.run('iperf3 --server --daemon');

	const losses: string[] = [];
	for (const nuisance of nuisances) {
		const quiet = await withBusy(b, () => rate(a));
		await bad.connect();
		const said = await liar.evil(`flip ${nuisance}`);
		const loud = await rate(a);
		t.log(`${said}: ${await liar.evil('calm')}`);
		await bad.close();
		const loss = 1 - loud / quiet;
		losses.push(`${nuisance} ${(100 * loss).toFixed(1)} %`);
		t.log(`${nuisance}: ${loud.toFixed(0)} Mbit/s, ${quiet.toFixed(0)} beside a busy guest`);
		if (nuisance === 'events') t.true(loss < most, losses.at(-1));
		t.is((await victim.channel(friend)).state, 'live');
	}
	const quiet = await withBusy(b, () => rate(a));
	const loss = 1 - (await besideDatagrams(a, b, () => rate(a))) / quiet;
	losses.push(`datagrams by netfront ${(100 * loss).toFixed(1)} %`);
	t.log(losses.at(-1));
	await claim('other-channels', `lost ${losses.join(', ')}`);
	await Promise.all([good.forget(), bad.forget()]);
	await Promise.all([victim, liar, friend].map(each => each.stop()));
};

async function withBusy<T>(busy: Guest, act: () => Promise<T>): Promise<T> {
	const loop = busy.spawn('exec sh -c "while :; do :; done"');
	const value = await act();
	await loop.stop('SIGKILL');
	return value;
}

/** While b sends small ones as fast as it can, by the ordinary path. */
async function besideDatagrams<T>(a: Guest, b: Guest, act: () => Promise<T>): Promise<T> {
	await a.run('iperf3 --server --daemon -p 5300');
	const flood = b.spawn('exec iperf3 -c a -p 5300 -u -b 0 -l 16 -t 600 -i 1 --forceflush');
	await until('the flood runs', () => flood.stdout().includes('bits/sec'));
	const value = await act();
	await flood.stop('SIGKILL');
	return value;
}

/** Mbit/s of one TCP connection from a to c; through the channel, or it does not count. */
async function rate(a: Guest): Promise<number> {
	const before = await diverted(a);
	const {stdout} = await a.run('iperf3 -c c -t 2 -J', {timeout: 300_000, silent: true});
	await until('it was diverted', async () => (await diverted(a)) > before);
	return parseRate(stdout);
}

function parseRate(text: string): number {
	const report = JSON.parse(text) as {end: {sum_received: {bits_per_second: number}}};
	return report.end.sum_received.bits_per_second / 1e6;
}

test('an attack costs the other channels of its victim little', labWith({mode: 'icount'}), beside);
