// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	hasBuiltInEbtables,
	readEbtables,
	readLegacyTables,
} from '../../../userland/firewall/legacy.ts';

const files = (texts: Readonly<Record<string, string>>) => async (path: string) => texts[path];
const symbols = (line: string) => files({'/proc/kallsyms': `0000 T printk\n0000 ${line}\n`});

test('whether ebtables is built in is told by the symbols of the kernel, and true where nobody tells', async t => {
	t.true(await hasBuiltInEbtables(symbols('t ebt_do_table')));
	t.false(await hasBuiltInEbtables(symbols('t ebt_do_table\t[ebtables]')));
	t.false(await hasBuiltInEbtables(symbols('t ipt_do_table')));
	t.true(await hasBuiltInEbtables(files({})));
});

test('without modules, and without a list of hooks, what is built in is in the way', async t => {
	const of = (isBuiltIn: boolean) => readEbtables(files({}), undefined, async () => isBuiltIn);

	t.deepEqual(await of(true), ['built in']);
	t.deepEqual(await of(false), []);
});

test('the tables of each network namespace', async t => {
	const read = files({
		'/proc/net/ip_tables_names': 'nat\nfilter\n',
		'/proc/net/ip6_tables_names': '',
	});

	t.deepEqual(await readLegacyTables(read), {ip: ['nat', 'filter'], ip6: []});
	t.deepEqual(await readLegacyTables(files({})), {ip: [], ip6: []});
});
