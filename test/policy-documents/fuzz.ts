// SPDX-License-Identifier: MIT
//
//	fuzz.js [COUNT [SEED]]
//
// COUNT random documents, from SEED on: do the policy's schema and its parser say the same of each? Prints how many
// were policies, and the smallest document of which they do not.
import process, {argv} from 'node:process';
import fc from 'fast-check';
import {compare} from './agree.ts';
import {document} from './document.ts';

const [, , howMany = '100000', first = '1'] = argv;
/* A thousand of a seed: what fast-check keeps of a run stays small. */
const batch = 1000;
let [done, valid] = [0, 0];

const agrees = (value: unknown) => {
	const {agree, isValid} = compare(value);
	valid += isValid ? 1 : 0;

	return agree;
};
for (let seed = Number(first); done < Number(howMany); seed++) {
	const numRuns = Math.min(batch, Number(howMany) - done);
	const run = fc.check(fc.property(document, agrees), {numRuns, seed});
	done += run.numRuns;
	if (run.failed) {
		console.log(
			`seed ${seed}: schema and parser disagree:\n${JSON.stringify(run.counterexample?.[0])}`,
		);
		process.exitCode = 1;
		break;
	}
}
console.log(
	`${done} documents, ${valid} of them policies: ${process.exitCode ? 'one' : 'none'} in dispute`,
);
