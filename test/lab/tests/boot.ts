// SPDX-License-Identifier: MIT
import test from 'ava';
import type {LabOptions} from '../lab.ts';
import {labWith} from '../with-lab.ts';

const bare: readonly LabOptions[] = [
	{builds: false, mode: 'multi'},
	{builds: false, mode: 'icount'},
];

for (const options of bare) {
	const lab = labWith(options);

	test('two guests run, and reach each other over the bridge', lab, async (t, {lab, dom0, a}) => {
		t.log(`restored in ${lab.restoreMs} ms`);
		const {stdout} = await dom0.run('xl list');
		t.regex(stdout, /^a .*^b /ms);

		await a.run('ping -c 3 -i 0.2 -W 5 b');
		await a.run('ping -c 3 -i 0.2 -W 5 b6');
		await a.run('ping -c 3 -i 0.2 -W 5 dom0');
		await dom0.run('ping -c 3 -i 0.2 -W 5 a6');
	});

	test('every byte of a stream arrives, over IPv4 and IPv6', lab, async (t, {a, b, until}) => {
		for (const address of ['b', 'b6']) {
			const received = b.spawn('socat -u TCP6-LISTEN:5000,ipv6only=0 - | sha256sum');
			await until('b listens', async () =>
				/:5000\b/.test((await b.run('ss -Htln', {silent: true})).stdout),
			);
			const sent = await a.run(
				`head -c 1M /dev/urandom | tee /tmp/sent | socat -u - TCP:${address}:5000; sha256sum </tmp/sent`,
				{timeout: 600_000},
			);
			t.is((await received.done).stdout, sent.stdout);
		}
	});

	test('iperf3 measures the ordinary path', lab, async (t, {a, b}) => {
		await b.run('iperf3 --server --daemon');
		const {stdout} = await a.run('iperf3 --client b --time 1', {timeout: 600_000});
		// In threads mode on a busy machine a second may carry nothing.
		t.log(/.*receiver/.exec(stdout)?.[0]);
		if (options.mode === 'icount') {
			t.regex(stdout, / [1-9][\d.]* [GM]bits\/sec +receiver/);
		}
	});
}

test(
	'a third guest comes, is paused, saved, restored, goes',
	labWith({builds: false}),
	async (t, {lab, dom0, a}) => {
		const c = await lab.create('c');
		await a.run('ping -c 2 -W 5 c');

		await dom0.run('xl pause c');
		await a.run('ping -c 1 -W 1 c', {fails: true});
		await dom0.run('xl unpause c');
		await a.run('ping -c 1 -W 5 c');

		await dom0.run('xl save c /var/tmp/c', {timeout: 180_000});
		await a.run('ping -c 1 -W 1 c', {fails: true});
		await dom0.run('xl restore /var/tmp/c', {timeout: 180_000});
		await lab.answers('c');
		await a.run('ping -c 2 -W 20 c');
		t.is((await c.run('hostname')).stdout, 'c\n');

		await dom0.run('xl destroy c');
		t.notRegex((await dom0.run('xl list')).stdout, /^c /m);
	},
);
