// SPDX-License-Identifier: MIT
//
//	fuzz.js [COUNT [SEED [GUARD]]]
//
// COUNT random rulesets, from SEED on, against the guard (or against that in another module): never may it say that
// nothing is bypassed where the interpreter loses or changes a packet. Prints holes, and how often it refuses in vain.
import process, {argv, stdout} from 'node:process';
import {pathToFileURL} from 'node:url';
import {createGuard} from '../../userland/firewall/guard.ts';
import {compare, count, tally, type Comparison, type CreateGuard} from './compare.ts';

const [, , howMany = '100000', first = '1', module] = argv;
const other = module === undefined ? undefined : await import(pathToFileURL(module).href);
const create: CreateGuard = other?.createGuard ?? createGuard;
const total = tally();
const end = Number(first) + Number(howMany);

for (let seed = Number(first); seed < end; seed++) {
	const comparison = compare(seed, create);
	count(total, comparison);
	if (!comparison.refused && comparison.lost && total.holes.length <= 5) {
		show(comparison);
	}
	if (total.compared % 100_000 === 0) {
		report();
	}
}
if (total.compared % 100_000 !== 0) {
	report();
}
process.exitCode = total.holes.length > 0 ? 1 : 0;

function show({seed, ports, filtersIp, lost, ruleset}: Comparison): void {
	const names = ports.map(({name}) => name).join(' and ');

	console.log(`\nseed ${seed}: ${names}, ${JSON.stringify(filtersIp)}, lost at ${lost?.at}:`);
	console.log(JSON.stringify(lost?.packet));
	for (const {family, table, name, base} of ruleset.chains) {
		console.log(`${family} ${table} ${name} ${base ? JSON.stringify(base) : ''}`);
		for (const rule of ruleset.rules) {
			const isHere = rule.chain === name && rule.table === table;
			if (isHere) {
				console.log(`\t${JSON.stringify(rule.expr)}`);
			}
		}
	}
	for (const {table, name, elements} of [...ruleset.sets, ...ruleset.maps]) {
		console.log(`${table} ${name} ${JSON.stringify(elements)}`);
	}
}

function report(): void {
	const {compared, agreed, refused, overcautious, holes} = total;
	const share = ((100 * overcautious) / Math.max(1, agreed + overcautious)).toFixed(1);

	stdout.write(
		`${compared} rulesets: ${refused} refused, ${agreed} rightly not, ${holes.length} holes; ` +
			`refused in vain: ${overcautious}, ${share} % of those that lose nothing\n`,
	);
}
