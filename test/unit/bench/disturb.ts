// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseCounter, parseUnplug} from '../../bench/disturb.ts';

const line = (time: string, from: number, to: number) =>
	`  coloopd-421 [000] ....1 ${time}: coloop_state: domid=2 from=${from} to=${to} reason=1\n`;

test('from the last packet diverted until the channel is closed', t => {
	const down = line('20.500000', 3, 4) + line('20.501250', 4, 0);
	const trace = `# tracer: nop\n${down}${line('21.0', 0, 1)}${line('21.1', 2, 3)}`;
	t.is(parseUnplug(trace).toFixed(3), '1.250');
	t.throws(() => parseUnplug('# tracer: nop\n'), {message: /^expected a channel that goes/});
	t.throws(() => parseUnplug(line('20.5', 3, 4)), {message: /^expected a channel that goes/});
});

test('nstat: a counter by its whole name', t => {
	const stdout = '#kernel\nTcpRetransSegs                  12                 0.0\n';
	t.is(parseCounter(stdout, 'TcpRetransSegs'), 12);
	t.throws(() => parseCounter(stdout, 'TcpExtTCPTimeouts'), {message: /TcpExtTCPTimeouts/});
});
