// SPDX-License-Identifier: MIT
import test from 'ava';
import {dom0} from '../../guard/places.ts';
import {createTally, reasonOf} from '../../guard/tally.ts';
import {holesIn, type Trial} from '../../guard/trial.ts';
import type {Refusal} from '../../guard/verdict.ts';

const isolated = (one: string, other: string): Refusal => ({
	kind: 'isolated',
	text: `${one} and ${other} are isolated ports of xenbr0`,
});

const trial = (refusal: Refusal | undefined, ...bypassed: readonly string[]): Trial => ({
	commands: [],
	judged: [{a: dom0, b: dom0, refusal, bypassed}],
});

test('refusals that differ in names and values alone are one reason', t => {
	const drop = (device: string, port: number): Refusal => ({
		kind: 'rule',
		text: '',
		rule: {
			family: 'bridge',
			table: 'bridge t0',
			chain: 'base0',
			handle: 3,
			text: `iifname "${device}" tcp dport ${port} counter packets 7 bytes ${port} drop comment "x"`,
		},
	});

	t.is(reasonOf(drop('vif3.0', 22)), 'rule: bridge: iifname _ tcp dport _ drop');
	t.is(reasonOf(drop('vif3.0', 22)), reasonOf(drop('vif33.0', 8080)));
	t.is(reasonOf(isolated('vif3.0', 'vif4.0')), reasonOf(isolated('vif33.0', 'vif3.0')));
});

test('a pair is right, right to be refused, or refused for nothing', t => {
	const tally = createTally();
	tally.add(trial(undefined));
	tally.add(trial(isolated('vif3.0', 'vif4.0'), 'tcp 22: lost'));
	tally.add(trial(isolated('vif3.0', 'vif4.0')));
	tally.add(trial(isolated('vif4.0', 'vif33.0')));

	t.is(tally.count(), 4);
	t.regex(tally.print(), /^1\tpairs none, nothing lost\n1\tpairs refused, something lost\n2\t/);
	t.regex(tally.print(), /\n2\tisolated: _ and _ are isolated ports of _$/);
});

test('a hole is where nothing is refused and something is lost', t => {
	t.is(holesIn(trial(undefined, 'tcp 22: lost')).length, 1);
	t.is(holesIn(trial(undefined)).length, 0);
	t.is(holesIn(trial(isolated('vif3.0', 'vif4.0'), 'tcp 22: lost')).length, 0);
});
