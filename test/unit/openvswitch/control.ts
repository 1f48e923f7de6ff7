// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseStaticEntries} from '../../../userland/openvswitch/control.ts';
import {fixture} from './_fixtures.ts';

test('what was bound is told from what was learned', t => {
	t.deepEqual(parseStaticEntries(fixture('fdb-3.1.txt')), [
		{port: '1', vlan: 100, mac: '00:16:3e:00:00:01'},
	]);
	t.deepEqual(parseStaticEntries(' port  VLAN  MAC                Age\n'), []);
	t.deepEqual(parseStaticEntries('LOCAL     0  00:16:3e:00:00:09  static'), [
		{port: 'LOCAL', vlan: 0, mac: '00:16:3e:00:00:09'},
	]);
});
