// SPDX-License-Identifier: MIT
import {constants} from 'node:os';
import test from 'ava';
import {readPrograms} from '../../../userland/firewall/programs.ts';
import {SystemError} from '../../../userland/netlink-js/index.ts';

const devices = [
	{name: 'vif3.0', ifindex: 3},
	{name: 'vif4.0', ifindex: 4},
];
const [ingress, egress] = [46, 47];
const fail = (code: keyof typeof constants.errno) => () => {
	throw new SystemError('bpf', constants.errno[code]);
};

test('programs at tcx, at either place', t => {
	const at = (where: number, name: string) =>
		readPrograms(devices, (ifindex, type) =>
			ifindex === 4 && type === where ? [{id: 7, name}] : [],
		);

	t.deepEqual([...at(ingress, 'drop')], [['vif4.0', 'a tcx ingress program (id 7, name drop)']]);
	t.deepEqual([...at(egress, '')], [['vif4.0', 'a tcx egress program (id 7)']]);
	t.deepEqual([...at(0, '')], []);
});

test('a kernel without tcx has none; what it does not let us see is in the way', t => {
	for (const code of ['EINVAL', 'ENOSYS'] as const) {
		t.is(readPrograms(devices, fail(code)).size, 0);
	}
	t.deepEqual(
		[...readPrograms(devices, fail('EPERM'))],
		devices.map(({name}) => [name, 'tcx programs that cannot be read (EPERM)']),
	);
});
