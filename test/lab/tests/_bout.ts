// SPDX-License-Identifier: MIT
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {diverted, load, step, type Body} from '../channel.ts';
import {Drive, type Channel} from '../drive.ts';
import type {Guest} from '../guest.ts';
import type {Lab} from '../lab.ts';
import {Link} from '../link.ts';
import {until} from '../until.ts';
import type {Given} from '../with-lab.ts';

/** A victim with the real module, a liar with evil.ko, and a live channel between them. */
export type Bout = {
	readonly t: ExecutionContext;
	readonly lab: Lab;
	/** The victim. */
	readonly a: Drive;
	/** The liar. */
	readonly b: Drive;
	readonly link: Link;
	/** For the log. */
	readonly say: (line: string) => void;
	readonly claim: Given['claim'];
};

export type Attack = {
	readonly name: string;
	readonly does: string;
	readonly must: string;
	/** Of the security rules; and the advisory or the failure of XenLoop that it repeats. */
	readonly rule: string;
	/** Of its rings, if those of the others are too small. */
	readonly order?: number;
	readonly body: (bout: Bout) => Promise<void>;
};

/** The smallest ring: quick to make, and as good a target. */
export const smallest = 5;
export const ringBytes = 4096 << smallest;
export const largest = 9;

/**
 * One attack after the other, each on a new channel. After each the victim holds nothing, the
 * ordinary path works, and the next channel comes up; so whatever it did is over.
 */
export function bout(attacks: readonly Attack[], order = smallest): Body {
	return async (t, {lab, claim}) => {
		for (const line of table(attacks)) {
			t.log(line);
		}
		await load(lab.a);
		await lab.b.run('insmod /opt/coloop/evil.ko dyndbg=+p');
		const [a, b] = [await Drive.start(lab, lab.a), await Drive.start(lab, lab.b)];
		const say = (line: string) => t.log(`  ${line}`);

		await answers(lab.a, 'b');
		for (const attack of attacks) {
			const link = new Link(a, b, {order: attack.order ?? order});
			await step(t, attack.name, fight({t, lab, a, b, link, say, claim}, attack));
			await link.forget();
		}
		await Promise.all([a.stop(), b.stop()]);
		t.log(`${attacks.length} attacks`);
	};
}

async function fight(context: Bout, attack: Attack): Promise<void> {
	const {a, b, link, lab} = context;
	await link.connect();
	await attack.body(context);
	await b.evil('calm');
	await link.close();
	await holdsNothing(a);
	await answers(lab.a, 'b');
}

/** Grants, mappings and ports of the victim are back, none is waited for. */
export async function holdsNothing(drive: Drive): Promise<void> {
	await until(`${drive.machine.name} holds nothing`, async () => {
		const {channels, grants, maps, ports, deferred} = await drive.info();

		return channels + grants + maps + ports + deferred === 0;
	});
}

/** Packets come and go, by whatever way. */
export async function answers(machine: Guest, name: string): Promise<void> {
	await machine.run(`ping -q -c 1 -W 20 ${name}`, {silent: true});
}

/** Something to send, so that the victim looks at what the liar says of it. */
export async function speak({lab}: Bout): Promise<void> {
	await lab.a.run('ping -q -c 2 -i 0.2 -W 1 b', {fails: 'maybe', silent: true});
}

/** All that the victim has taken from its ring, whatever became of it. */
export async function taken({a, b}: Bout): Promise<number> {
	const {rxPackets, droppedHeader, droppedSource, droppedMemory} = await a.channel(b);

	return rxPackets + droppedHeader + droppedSource + droppedMemory;
}

/** The victim finds the channel broken, for a reason, and what it sends goes the ordinary path. */
export async function breaks(
	bout: Bout,
	command: string,
	reason: string,
): Promise<{said: string; channel: Channel}> {
	const {t, a, b, lab, say} = bout;
	const said = await b.evil(command);
	if (command.startsWith('cons')) {
		await speak(bout);
	}
	const channel = await a.reaches(b, 'broken', 'stalled');
	say(`${said}: ${channel.state}, ${channel.reason}, number ${channel.detail}`);
	t.deepEqual([channel.state, channel.reason], ['broken', reason]);
	const before = await diverted(lab.a);
	await answers(lab.a, 'b');
	t.is(await diverted(lab.a), before);

	return {said, channel};
}

/** Those whose names begin as ATTACKS says: ATTACKS='flip keep'. */
export function chosen(attacks: readonly Attack[]): readonly Attack[] {
	const names = process.env['ATTACKS']?.split(/\s+/).filter(Boolean) ?? [];
	if (names.length === 0) {
		return attacks;
	}

	return attacks.filter(({name}) => names.some(each => name.startsWith(each)));
}

function table(attacks: readonly Attack[]): string[] {
	return [
		'| attack | what the peer does | what must happen | rule |',
		'| --- | --- | --- | --- |',
		...attacks.map(({name, does, must, rule}) => `| ${name} | ${does} | ${must} | ${rule} |`),
	];
}
