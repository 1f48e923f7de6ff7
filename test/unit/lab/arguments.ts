// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseArguments, parseCommand} from '../../lab/bin/arguments.ts';

test('flags choose the lab, the rest is left', t => {
	const {options, name, rest} = parseArguments([
		'run',
		'--stack',
		'12',
		'--mode',
		'icount',
		'a',
		'ls',
	]);
	t.like(options, {stack: '12', mode: 'icount', type: 'pv', builds: true});
	t.is(name, 'default');
	t.deepEqual(rest, ['run', 'a', 'ls']);
});

test('a stack decides of what type guests are, and of what kind their time is', t => {
	const usual = (stack: string) => parseArguments(['--stack', stack]).options;

	t.like(usual('13'), {type: 'pv', mode: 'multi'});
	t.like(usual('next'), {type: 'pv', mode: 'multi'});
	t.like(usual('debug'), {type: 'pvh', mode: 'icount'});
	t.like(usual('debug-pv'), {type: 'pv', mode: 'icount'});
});

test('a wrong flag says what it could be', t => {
	t.throws(() => parseArguments(['--mode', 'fast']), {
		message: '--mode: expected multi or icount, got "fast"',
	});
	t.throws(() => parseArguments(['--stack', 'constructor']), {message: /^--stack: expected/});
});

test('a machine in front of a colon, or the one where we are', t => {
	t.deepEqual(parseCommand('b: ip -s link'), {machine: 'b', command: 'ip -s link'});
	t.deepEqual(parseCommand('ip link', 'a'), {machine: 'a', command: 'ip link'});
	t.deepEqual(parseCommand('date: x'), {machine: 'dom0', command: 'date: x'});
});
