// SPDX-License-Identifier: MIT
import test from 'ava';
import {load} from '../channel.ts';
import {withLab} from '../with-lab.ts';
import {carries} from './_channel.ts';

test('a channel carries what two guests say to each other', withLab, carries);

test('the module comes and goes in a kernel without IPv6', withLab, async (t, {lab}) => {
	const c = await lab.create('c', {kernelArguments: 'ipv6.disable=1'});
	t.is((await c.run('cat /proc/net/if_inet6', {fails: 'maybe'})).stdout, '');
	await load(c);
	await c.run('rmmod coloop');
});
