// SPDX-License-Identifier: MIT
import test from 'ava';
import {ColoopError} from '../../../userland/errors.ts';
import {readFirewall, realTools} from '../../../userland/firewall/read.ts';
import {captured} from './_fixtures.ts';
import {nodeInNetns} from '../nftables-js/_netns.ts';

test("dom0's kernel is read as it is", async t => {
	await t.notThrowsAsync(nodeInNetns(new URL('_dom0.js', import.meta.url), []));
});

test('a rule that one of the two lists lacks is not taken for absent', async t => {
	const fixture = captured.get('1.0.6')?.get('port');
	if (!fixture) throw new Error('no capture');
	const {ruleset, text} = fixture;
	let asked = 0;
	const tools = (until: number) => ({
		...realTools,
		run: () => Promise.resolve('[]'),
		readRules: () =>
			Promise.resolve({ruleset: asked++ < until ? {...ruleset, rules: []} : ruleset, text}),
	});

	await t.notThrowsAsync(readFirewall([], tools(2)));
	t.is(asked, 3);
	await t.throwsAsync(readFirewall([], tools(99)), {
		message: /^nftables: the rules keep changing/,
	});
});

test('what cannot be read is an error, not nothing', async t => {
	const broken = (command: string) => ({
		...realTools,
		readRules: () => Promise.reject(new ColoopError('FIREWALL', 'nftables: not now')),
		run: (name: string, args: readonly string[]) =>
			name === command ? realTools.run('false', args) : Promise.resolve('[]'),
	});

	for (const command of ['ip', 'bridge', 'tc', 'none'])
		await t.throwsAsync(readFirewall([], broken(command)), {instanceOf: ColoopError});
	await t.throwsAsync(realTools.run('no-such-tool', ['x']), {
		message: /^no-such-tool x: spawn no-such-tool ENOENT/,
	});
	t.is(await realTools.readFile('/nonexistent'), undefined);
	await t.throwsAsync(realTools.readFile('/proc'), {instanceOf: ColoopError});
});
