// SPDX-License-Identifier: MIT
import test from 'ava';
import {Agenda} from '../../../../userland/daemon/host/agenda.ts';
import {domidsOf, keyOf} from '../../../../userland/daemon/host/pair.ts';

/** The pairs that are to be judged from here on, `1-2`. */
function judged(agenda: Agenda): string[] {
	const found: string[] = [];
	for (let key = agenda.nextToJudge(); key !== undefined; key = agenda.nextToJudge()) {
		found.push(domidsOf(key).join('-'));
	}

	return found;
}

test('a domain that changed has its own pairs judged, each once', t => {
	const agenda = new Agenda(() => [0, 1, 2, 3]);
	agenda.judgeDomain(2);
	agenda.judgeDomain(1);
	agenda.judgeDomain(2);

	t.true(agenda.hasChanged);
	t.false(agenda.isEmpty);
	t.deepEqual(judged(agenda), ['0-2', '1-2', '2-3', '0-1', '1-3']);
	t.false(agenda.hasChanged);
	t.true(agenda.isEmpty);
});

test('all pairs are judged, those that may have a channel before others', t => {
	const agenda = new Agenda(() => [1, 2, 3]);
	agenda.judgeAll([keyOf(2, 3)]);

	t.deepEqual(judged(agenda), ['2-3', '1-2', '1-3', '2-3']);
	t.true(agenda.isEmpty);
});

test('what a domain changed comes before the rest of all', t => {
	const agenda = new Agenda(() => [1, 2, 3]);
	agenda.judgeAll([]);
	t.is(agenda.nextToJudge(), keyOf(1, 2));
	agenda.judgeDomain(3);

	t.deepEqual(judged(agenda), ['1-3', '2-3', '1-3', '2-3']);
});

test('a second change of all has the beginning judged once more', t => {
	const agenda = new Agenda(() => [1, 2, 3]);
	agenda.judgeAll([]);
	t.is(agenda.nextToJudge(), keyOf(1, 2));
	agenda.judgeAll([]);

	t.deepEqual(judged(agenda).slice(0, 2), ['1-3', '2-3']);
});

test('rows in which nothing is judged keep nobody waiting', t => {
	const domids = [1, 2];
	const agenda = new Agenda(() => domids);
	agenda.judgeAll([]);
	domids.length = 0;

	t.is(agenda.nextToJudge(), undefined);
	t.true(agenda.isEmpty);
});

test('a domain that left is judged no more', t => {
	const agenda = new Agenda(() => [1, 2, 3]);
	agenda.judgeDomain(1);
	agenda.judgeAll([]);
	agenda.leave(1);

	t.deepEqual(judged(agenda), ['2-3']);
});

test('what is due is urgent, and the rest says when it is', t => {
	const agenda = new Agenda(() => []);
	agenda.planAt(keyOf(1, 2), 100);
	agenda.planAt(keyOf(1, 3), 300);
	agenda.planAt(keyOf(2, 3), 200);
	agenda.forget(keyOf(2, 3));

	t.is(agenda.takeDue(99), 100);
	t.is(agenda.urgent.take(), undefined);
	t.is(agenda.takeDue(100), 300);
	t.is(agenda.urgent.take(), keyOf(1, 2));
	t.is(agenda.takeDue(1000), undefined);
	t.is(agenda.urgent.take(), keyOf(1, 3));
	t.true(agenda.isEmpty);
});

test('pairs that wait to be planned are something to do', t => {
	const agenda = new Agenda(() => []);
	agenda.normal.add(keyOf(1, 2));
	t.false(agenda.isEmpty);
	t.is(agenda.normal.take(), keyOf(1, 2));
	agenda.urgent.add(keyOf(1, 2));
	t.false(agenda.isEmpty);
});
