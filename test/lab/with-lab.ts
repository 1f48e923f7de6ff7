// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {claim} from '../claims/claim.ts';
import type {ClaimName} from '../claims/claims.ts';
import {checks, findSplats} from './checks.ts';
import {keepCounts} from './counts.ts';
import {CommandError, CrashError, LabError, Skip, outcomeOf} from './errors.ts';
import type {Guest} from './guest.ts';
import {stackFromEnvironment, usualMode, usualType} from './images.ts';
import {Lab, type LabOptions} from './lab.ts';
import {follow, keep} from './report.ts';
import {patience, until} from './until.ts';

/** What a test gets: verbs over the machines of a lab of its own. */
export type Given = {
	readonly lab: Lab;
	readonly dom0: Guest;
	readonly a: Guest;
	readonly b: Guest;
	readonly until: typeof until;
	/** Ends the test, which says what it would have needed. */
	readonly skip: (missing: string) => never;
	/** What the test has shown; noted once it has passed, and nothing was left behind. */
	readonly claim: (name: ClaimName, figure: string) => void;
};

type Body = (t: ExecutionContext, given: Given) => Promise<void>;

/** A macro for lab tests with other than the usual lab: counted time, PVH guests, no builds. */
export function labWith(options: LabOptions) {
	return test.macro<[Body]>({
		title: (given = '') => `${given} [${describe(options)}]`,
		exec: (t, body) => runInLab(t, body, options),
	});
}

/** A macro: restore the lab, test, look at what the test left behind, stop. */
export const withLab = labWith({});

async function runInLab(t: ExecutionContext, body: Body, options: LabOptions): Promise<void> {
	const transcript: string[] = [];
	const show = follow(t.title);
	const say = (line: string) => {
		transcript.push(line);
		show(line);
	};
	const from = Date.now();
	let lab: Lab | undefined;
	let error: unknown;

	// Boots and restores count too.
	t.timeout(1_800_000 * patience);
	try {
		lab = await Lab.start({...options, say});
		for (const shown of await testAndCheck(t, body, lab)) {
			await claim(...shown);
		}
		// The verbs assert too, by throwing; ava does not know.
		t.pass();
	} catch (caught) {
		error = caught;
	}
	const outcome = outcomeOf(error);
	if (lab && outcome !== 'crash') {
		await keepCounts(lab, t.title);
	}
	await keep({title: t.title, outcome, ms: Date.now() - from, error, transcript, lab});
	await lab?.stop();
	conclude(t, error, transcript);
}

/** Ends the test as its lab did. */
export function conclude(t: ExecutionContext, error: unknown, transcript: readonly string[]): void {
	const outcome = outcomeOf(error);
	for (const line of outcome === 'pass' ? [] : transcript.slice(-20)) {
		t.log(line);
	}
	if (error instanceof Skip) {
		t.log(`skip: ${error.message}`);
		t.pass();
	} else if (error !== undefined) {
		t.log(`outcome: ${outcome}`);
		throw error;
	}
}

type Claim = Parameters<Given['claim']>;

async function testAndCheck(t: ExecutionContext, body: Body, lab: Lab): Promise<Claim[]> {
	const {dom0, a, b} = lab;
	const shown: Claim[] = [];
	const skip = (missing: string): never => {
		throw new Skip(missing);
	};
	const claim: Given['claim'] = (...each) => void shown.push(each);
	await leavesNothing(lab, () => body(t, {lab, dom0, a, b, until, skip, claim}));

	return shown;
}

/** Runs something in a lab, and throws unless everything in it is then as before. */
export async function leavesNothing(lab: Lab, run: () => Promise<void>): Promise<void> {
	const looks = await Promise.all(checks.map(check => check(lab)));

	try {
		await run();
	} catch (error) {
		await explain(lab, error);
	}
	const left: string[] = [];
	for (const look of looks) {
		left.push(...(await look()));
	}
	await complainOfSplats(lab);
	if (left.length > 0) {
		throw new CommandError(`the test left behind:\n${left.join('\n')}`);
	}
}

// A machine that crashed explains a failure better than the failure does; one that is silent, beside it.
async function explain(lab: Lab, error: unknown): Promise<never> {
	if (error instanceof Skip) {
		throw error;
	}
	try {
		await complainOfSplats(lab);
	} catch (worse) {
		if (worse instanceof CrashError) {
			throw worse;
		}
		const [first, then] = [error, worse].map(each =>
			each instanceof Error ? each.message : String(each),
		);
		throw new CrashError(`${first}\nand no machine says why: ${then}`, {cause: error});
	}
	throw error instanceof Error ? error : new LabError('test threw no error', {cause: error});
}

async function complainOfSplats(lab: Lab): Promise<void> {
	const splats = await findSplats(lab);
	if (splats.length === 0) {
		return;
	}
	// In short at the end, too: of a long log it is the end that is kept.
	throw new CrashError(
		[
			...splats.map(each => `${each.where}: [${each.fingerprint}] ${each.text}`),
			splats.map(each => `${each.where}: ${each.title}`).join('\n'),
		].join('\n\n'),
	);
}

function describe(options: LabOptions): string {
	const {stack = stackFromEnvironment()} = options;
	const {mode = usualMode(stack), type = usualType(stack)} = options;

	return [`stack ${stack}`, mode, type].join(', ');
}
