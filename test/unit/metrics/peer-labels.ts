// SPDX-License-Identifier: MIT
import test from 'ava';
import {Metrics} from '../../../userland/metrics/metrics.ts';
import {peerLabels} from '../../../userland/metrics/peer-labels.ts';

function labelsOf(...names: string[]): string[] {
	return [...peerLabels(names.map((peer, domid) => ({peer, domid}))).values()];
}

test('a name is a label, and two of them are told apart', t => {
	t.deepEqual(labelsOf('db-1', 'web'), ['db-1', 'web']);
	t.deepEqual(labelsOf('web', 'db', 'web'), ['web (domain 0)', 'db', 'web (domain 2)']);
});

test('no name takes the place of another, whatever it is', t => {
	const names = ['a (domain 2)', 'a', 'a', 'a (domain 1)', 'a\u200B', 'a\\u{200b}', ''];
	const labels = labelsOf(...names);
	t.is(new Set(labels).size, names.length, labels.join());
});

test('hostile names stay inside their quotes', async t => {
	const metrics = new Metrics();
	const name = 'x"} 1\ncoloop_role_up{role="host\\';
	const [peer = ''] = labelsOf(name);
	metrics.set('coloop_peer_queues', [[1, {peer}]]);
	const lines = (await metrics.text('coloop_peer_queues')).split('\n');
	t.is(lines.length, 3);
	t.regex(lines[2] ?? '', /^coloop_peer_queues\{peer="x\\"\} 1\\\\u\{a\}.*host\\\\"\} 1$/);
});
