// SPDX-License-Identifier: MIT
import test from 'ava';
import {createLog} from '../../../userland/daemon/log.ts';
import {supervise} from '../../../userland/daemon/supervise.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {fakeClock} from './_clock.ts';

test('a role that fails is run again, ever later, and says why meanwhile', async t => {
	const clock = fakeClock();
	const lines: string[] = [];
	const log = createLog(line => lines.push(line));
	const problems = new Map<string, string>();
	const stop = new AbortController();
	const starts: number[] = [];
	const run = async () => {
		starts.push((clock.now() - 100_000) / 1000);
		throw new ColoopError('STORE', 'XenStore hung up', {hint: 'wait'});
	};
	const done = supervise('host', run, {clock, log, problems}, stop.signal);
	await clock.advance(70_000);
	t.deepEqual(starts, [0, 1, 3, 7, 15, 31, 61]);
	t.is(problems.get('host'), 'host: XenStore hung up');
	t.like(JSON.parse(lines[1] ?? ''), {event: 'role.failed', code: 'STORE', hint: 'wait'});
	stop.abort();
	await done;
});
