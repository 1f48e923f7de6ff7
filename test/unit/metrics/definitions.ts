// SPDX-License-Identifier: MIT
//
// Prometheus' rules for names: https://prometheus.io/docs/practices/naming/
import test from 'ava';
import {definitions} from '../../../userland/metrics/definitions.ts';

const all = Object.entries(definitions).map(([name, definition]) => {
	const labels: readonly string[] = 'labels' in definition ? definition.labels : [];

	return {name, labels, type: definition.type, help: definition.help};
});

test('names say what, in which unit, and that they add up', t => {
	for (const {name, type} of all) {
		t.regex(name, /^coloop_[a-z][a-z0-9_]*[a-z]$/, name);
		t.is(name.endsWith('_total'), type === 'counter', name);
		t.notRegex(name, /_(count|sum|bucket)$/, name);
		t.notRegex(name, /milli|micro|_ms\b|kilo|kib|percent|minutes|hours/, name);
	}
});

test('help is a sentence', t => {
	for (const {name, help} of all) {
		t.regex(help, /^[A-Z].*[.]$/s, name);
		t.notRegex(help, /[\n\\]/, name);
	}
});

test('labels are bounded', t => {
	const known = [
		...['peer', 'domid', 'state', 'code', 'reason', 'kind', 'role', 'action', 'result'],
		...['operation', 'error', 'direction', 'version', 'node', 'source', 'token'],
	];
	for (const {name, labels} of all) {
		t.deepEqual(
			labels.filter(label => !known.includes(label)),
			[],
			name,
		);
		/* Whose name a guest chooses stands in one label only. */
		t.is(labels.includes('peer'), name.startsWith('coloop_peer_'), name);
	}
});
