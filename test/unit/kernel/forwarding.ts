// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseForwarding} from '../../../userland/kernel/forwarding.ts';
import {attribute, message, u16, u32} from './_attributes.ts';

const mac = attribute(2, [0, 0x16, 0x3e, 0, 0, 4]);
const master = attribute(9, u32(2));

/** RTM_NEWNEIGH with struct ndmsg. */
const parse = (state: number, flags = 0, family = 7, ...attributes: Uint8Array[]) =>
	parseForwarding(
		message(
			28,
			Buffer.concat([
				Uint8Array.of(family, 0, 0, 0),
				u32(5),
				u16(state),
				Uint8Array.of(flags, 0),
			]),
			...attributes,
		),
	);

test('an entry says who gets the frames and how long it lasts', t => {
	const kinds = [0x80, 0x40, 0x02, 0x04].map(state => parse(state, 0, 7, mac, master)?.kind);

	t.deepEqual(kinds, ['local', 'fixed', 'learned', 'learned']);
	t.is(parse(0x02, 0x10, 7, mac, master)?.kind, 'fixed');
	t.deepEqual(parse(0x40, 0, 7, mac, master, attribute(5, u16(10)), attribute(15, u32(2))), {
		...{
			mac: '00:16:3e:00:00:04',
			vlan: 10,
			bridge: 2,
			device: 5,
			kind: 'fixed',
			isLocked: true,
		},
	});
});

test('what is in no table of a bridge is left out', t => {
	t.is(parse(0x80, 2, 7, mac), undefined);
	t.is(parse(0x02, 0, 2, mac, master), undefined);
	t.is(parse(0x02, 0, 7, master), undefined);
	t.is(parse(0x02, 0, 7, attribute(2, new Uint8Array(20)), master), undefined);
});
