// SPDX-License-Identifier: MIT
import {closeSync, fstatSync, openSync} from 'node:fs';
import test from 'ava';
import {createLog, isJournal, type LogLevel} from '../../../userland/daemon/log.ts';

function setup(threshold: LogLevel = 'info', hasPriority = false) {
	const lines: string[] = [];
	const time = {now: 0};
	const log = createLog(line => lines.push(line), threshold, {hasPriority, now: () => time.now});

	return {lines, log, time};
}

test('one JSON object a line, whatever is in it', t => {
	const {lines, log} = setup();
	log.info('peer.announced', {peer: 'a\nb\u2028', domid: 3, rule: undefined});
	t.is(lines.length, 1);
	t.notRegex(lines[0] ?? '', /\n/);
	t.like(JSON.parse(lines[0] ?? ''), {
		level: 'info',
		event: 'peer.announced',
		peer: 'a\nb\u2028',
	});
	t.regex(JSON.parse(lines[0] ?? '').time, /^\d{4}-\d\d-\d\dT/);
});

for (const [threshold, written] of [
	['error', ['error']],
	['warn', ['error', 'warn']],
	['info', ['error', 'warn', 'info']],
	['debug', ['error', 'warn', 'info', 'debug']],
] as const) {
	test(`level ${threshold} has ${written.join(', ')}`, t => {
		const {lines, log} = setup(threshold);
		for (const level of ['error', 'warn', 'info', 'debug'] as const) {
			log[level]('thing.happened');
		}
		t.deepEqual(
			lines.map(line => JSON.parse(line).level),
			[...written],
		);
	});
}

test('for the journal each line begins with its priority', t => {
	const {lines, log} = setup('debug', true);
	log.error('a.b');
	log.warn('a.b');
	log.info('a.b');
	log.debug('a.b');
	t.deepEqual(
		lines.map(line => line.slice(0, 4)),
		['<3>{', '<4>{', '<6>{', '<7>{'],
	);
});

test('the journal is known by the file that it reads', t => {
	const fd = openSync('/dev/null', 'r');
	const {dev, ino} = fstatSync(fd);
	t.true(isJournal(`${dev}:${ino}`, fd));
	t.false(isJournal(`${dev}:${ino + 1}`, fd), 'an error log of its own, under systemd');
	t.false(isJournal(undefined, fd));
	t.false(isJournal('', fd));
	closeSync(fd);
	t.false(isJournal(`${dev}:${ino}`, 987_654), 'closed');
});

test('what goes wrong again and again is said ever more rarely, and how often it was not', t => {
	const {lines, log, time} = setup();
	/* A day of one failure a second. */
	for (time.now = 0; time.now < 86_400_000; time.now += 1000) {
		log.warn('step.failed', {domid: 3});
	}
	t.true(lines.length > 20 && lines.length < 40, String(lines.length));
	const repeated = lines.map(line => JSON.parse(line).repeated ?? 0);
	t.deepEqual(repeated.slice(0, 5), [0, 0, 0, 0, 0]);
	t.deepEqual(repeated.slice(5, 8), [59, 119, 239]);
	t.is(repeated.at(-1), 3599);
});

test('others are not kept waiting, nor what is no trouble', t => {
	const {lines, log} = setup();
	for (let domid = 0; domid < 100; domid++) {
		log.warn('step.failed', {domid});
		log.info('channel.opened', {domid: 1});
	}
	t.is(lines.length, 200);
});

test('what has not come for an hour is new again', t => {
	const {lines, log, time} = setup();
	for (let count = 0; count < 50; count++) {
		log.error('role.failed', {role: 'host'});
	}
	t.is(lines.length, 5);
	time.now = 3_600_001;
	log.error('role.failed', {role: 'host'});
	t.is(lines.length, 6);
});

test('what is remembered of them is bounded, the oldest is forgotten first', t => {
	const {lines, log} = setup();
	const often = (domid: number) => {
		for (let count = 0; count < 10; count++) {
			log.warn('step.failed', {domid});
		}
	};
	for (let domid = 0; domid < 300; domid++) {
		often(domid);
	}
	t.is(lines.length, 1500);
	often(299);
	t.is(lines.length, 1500, 'still known');
	often(0);
	t.is(lines.length, 1505, 'forgotten');
});
