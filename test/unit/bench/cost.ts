// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseCpuTimes, parseEvents} from '../../bench/cost.ts';
import {parseOpening} from '../../bench/rows/cost.ts';

const list = `Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0  1024     1     r-----      19.7
a                                            1   512     1     -b----      11.8
b                                            2   512     1     ------       8.0
`;

const guest = `           CPU0       CPU1
  0:      14600          5  xen-percpu    -virq      timer0
  7:        433          0  xen-dyn-lateeoi    -event     blkif
  9:      14527          1  xen-dyn-lateeoi    -event     vif0-q0-tx
 10:      14250          0  xen-dyn-lateeoi    -event     vif0-q0-rx
 11:        124          0  xen-dyn-lateeoi    -event     vif1-q0-tx
 13:          5          2  xen-dyn-lateeoi    -event     coloop
NMI:          0          0   Non-maskable interrupts
`;

const host = ` 47:      14517  xen-dyn-lateeoi    -event     vif1.0-q0-tx
 49:        128  xen-dyn-lateeoi    -event     vif1.1-q0-tx
 56:         12  xen-dyn-lateeoi    -event     vif2.0-q0-rx
`;

const trace = `# tracer: nop
            ping-512     [000] b..1.   100.010500: net_dev_queue: dev=eth0 skbaddr=00000000c0 len=98
         kworker-60      [000] .....   100.011000: coloop_state: domid=2 from=0 to=1 reason=0
         kworker-60      [000] .....   100.030000: coloop_state: domid=2 from=1 to=2 reason=0
         kworker-60      [000] .....   100.035500: coloop_state: domid=2 from=2 to=3 reason=0
`;

test('seconds of each domain', t => {
	t.deepEqual(parseCpuTimes(list), {dom0: 19.7, a: 11.8, b: 8});
	t.throws(() => parseCpuTimes(list.replace(/^b.*\n/m, '')), {message: /^expected b in xl list/});
});

test('interrupts of the first interface and of channels, not of the management link', t => {
	t.is(parseEvents(guest), 14_528 + 14_250 + 7);
	t.is(parseEvents(host), 14_529);
});

test('from the first packet to a live channel', t => {
	t.is(parseOpening(trace).toFixed(3), '25.000');
	t.throws(() => parseOpening(trace.replace('to=3', 'to=4')), {message: /live channel/});
});
