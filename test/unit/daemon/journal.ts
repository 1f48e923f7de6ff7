// SPDX-License-Identifier: MIT
import test from 'ava';
import type {Answer} from '../../../userland/control/protocol.ts';
import {createJournal} from '../../../userland/daemon/journal.ts';
import {createLog} from '../../../userland/daemon/log.ts';
import {createStage} from './_stage.ts';

function setup() {
	const lines: string[] = [];
	const journal = createJournal({
		log: createLog(line => lines.push(line), 'error'),
		unix: () => 1_000,
		hasEndpoint: true,
		nameOf: () => undefined,
	});

	return {journal, lines};
}

const never = new AbortController().signal;

async function all(answers: AsyncIterable<Answer>): Promise<Answer[]> {
	const got: Answer[] = [];
	for await (const answer of answers) {
		got.push(answer);
	}

	return got;
}

function eventOf(answer: Answer | undefined) {
	return answer?.ok ? answer.event : undefined;
}

test('what the log is too quiet for is remembered all the same', async t => {
	const {journal, lines} = setup();
	journal.log.info('channel.opened', {peer: 'b', domid: 2, epoch: 7});
	t.deepEqual(lines, []);
	const [first, end, none] = await all(journal.observe(false, never));
	t.deepEqual(eventOf(first), {
		...{time: 1_000, event: 'opened', peer: 'b', domid: 2, other: null, other_domid: null},
		...{epoch: 7, code: null, reason: null},
	});
	t.deepEqual(end, {ok: true});
	t.is(none, undefined);
});

test('256 are remembered, the last ones', async t => {
	const {journal} = setup();
	for (let epoch = 1; epoch <= 300; epoch++) {
		journal.log.info('channel.opened', {peer: 'b', domid: 2, epoch});
	}
	const got = await all(journal.observe(false, never));
	t.is(got.length, 257);
	t.is(eventOf(got[0])?.epoch, 45);
	t.is(eventOf(got[255])?.epoch, 300);
});

test('who follows gets what happens, until he has enough', async t => {
	const {journal} = setup();
	const enough = new AbortController();
	journal.log.info('channel.opened', {peer: 'b', domid: 2, epoch: 1});
	const following = journal.observe(true, enough.signal);
	t.is(eventOf((await following.next()).value)?.epoch, 1);
	t.deepEqual((await following.next()).value, {ok: true});
	const next = following.next();
	journal.log.info('channel.opened', {peer: 'b', domid: 2, epoch: 2});
	t.is(eventOf((await next).value)?.epoch, 2);
	enough.abort();
	t.true((await following.next()).done);
});

test('who is too slow is given up, and costs nothing from then on', async t => {
	const {journal} = setup();
	const slow = journal.observe(true, never);
	t.deepEqual((await slow.next()).value, {ok: true});
	for (let epoch = 1; epoch <= 5000; epoch++) {
		journal.log.info('channel.opened', {peer: 'b', domid: 2, epoch});
	}
	const rest = await all(slow);
	t.true(rest.length < 1024, 'what waited is not kept');
});

test('the last troubles are remembered, each once', t => {
	const {journal, lines} = setup();
	journal.log.error('role.failed', {role: 'host', message: 'XenStore hung up\n  at x.ts:1'});
	for (let domid = 0; domid < 20; domid++) {
		journal.log.warn('write.refused', {domid, message: 'EQUOTA'});
		journal.log.warn('write.refused', {domid, message: 'EQUOTA'});
	}
	journal.log.info('role.started', {role: 'host'});
	const troubles = journal.troubles();
	t.is(troubles.length, 10);
	t.deepEqual(troubles.at(-1), {
		...{time: 1_000, level: 'warn', event: 'write.refused', message: 'domain 19: EQUOTA'},
	});
	t.is(new Set(troubles.map(({message}) => message)).size, 10);
	t.is(lines.length, 1);
	journal.log.error('metrics.failed', {message: 'full', hint: 'make room'});
	t.like(journal.troubles().at(-1), {message: 'full', hint: 'make room'});
});

test('the real daemons tell how a channel comes, is refused and comes back, at each end and in dom0', async t => {
	const stage = createStage();
	for (const domid of [1, 2]) {
		await stage.create(domid);
	}
	const daemons = [0, 1, 2].map(domid => stage.start(domid));
	const events = async (domid: number) => {
		const answers = await all(daemons[domid]?.observe({op: 'observe'}, never) ?? nothing());

		return answers.flatMap(answer => {
			const event = eventOf(answer);

			return event
				? `${event.event} ${event.peer}${event.other === null ? '' : ` ${event.other}`}`
				: [];
		});
	};
	await stage.connect(1, 2);
	await stage.clock.advance(1000);
	t.deepEqual(await events(1), ['opened b']);
	t.deepEqual(await events(2), ['opened a']);
	t.deepEqual(await events(0), ['opened a b']);

	stage.rules.set('vif1.0,vif2.0', 'a rule of dom0 drops');
	stage.knobs(0).poke();
	await stage.clock.advance(15_000);
	t.deepEqual(await events(1), ['opened b', 'closed b']);
	t.deepEqual(await events(0), ['opened a b', 'refused a b']);

	stage.rules.clear();
	stage.knobs(0).poke();
	await stage.clock.advance(15_000);
	await stage.connect(1, 2);
	await stage.clock.advance(1000);
	t.deepEqual(await events(1), ['opened b', 'closed b', 'opened b']);
	t.deepEqual(await events(0), ['opened a b', 'refused a b', 'opened a b']);
	await stage.stopAll();
});

test('a pair that dom0 refuses from the start is told, once, with why', async t => {
	const stage = createStage();
	for (const domid of [1, 2, 3]) {
		await stage.create(domid);
	}
	stage.rules.set('vif1.0,vif2.0', 'a rule of dom0 drops');
	const [host] = [0, 1, 2].map(domid => stage.start(domid));
	const events = async () => {
		const answers = await all(host?.observe({op: 'observe'}, never) ?? nothing());

		return answers.flatMap(answer => eventOf(answer) ?? []);
	};
	await stage.clock.advance(15_000);
	const [refused, ...more] = await events();
	t.like(refused, {event: 'refused', peer: 'a', other: 'b', code: 'rule'});
	t.is(refused?.reason, 'a rule of dom0 drops');
	t.deepEqual(more, [], 'c does not run coloopd, and the rest may have channels');

	/* Judged again, for whatever reason. */
	stage.rules.set('vif1.0,vif3.0', 'another');
	stage.knobs(0).poke();
	await stage.clock.advance(15_000);
	t.is((await events()).length, 1);
	stage.rules.set('vif1.0,vif2.0', 'another rule drops');
	stage.knobs(0).poke();
	await stage.clock.advance(15_000);
	t.is((await events())[1]?.reason, 'another rule drops');

	stage.rules.clear();
	stage.knobs(0).poke();
	await stage.clock.advance(15_000);
	await stage.connect(1, 2);
	await stage.clock.advance(1000);
	t.is((await events())[2]?.event, 'opened');
	await stage.stopAll();
});

async function* nothing(): AsyncGenerator<Answer> {}
