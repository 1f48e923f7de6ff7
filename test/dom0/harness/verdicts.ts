// SPDX-License-Identifier: MIT
import type {ExecutionContext, TestFn} from 'ava';
import type {Dom0, Dom0Options} from './dom0.ts';
import type {Packets} from './traffic.ts';
import {sharedDom0} from './with-dom0.ts';

/** What dom0 does to real packets, and so has to be said of a channel. */
export type Verdict = {
	readonly title: string;
	/** Changes dom0, and what takes it back where that is more than nftables' rules. */
	readonly sh: string;
	readonly undo?: string;
	/** Packets from one guest to the other that dom0 loses; where there are none it keeps nothing apart. */
	readonly loses?: readonly Packets[];
	readonly passes?: readonly Packets[];
	/** Part of what dom0 says; whatever it says of a rule without. */
	readonly reason?: RegExp;
	/** No packet of ours is lost, but the verdict is to be no: why. */
	readonly careful?: string;
	/** Milliseconds until the announcement ends, where that is not a second. */
	readonly within?: number;
	/** Takes away what loses packets: then they pass, and the announcement comes back. */
	readonly mend?: string;
	/** Others than `web` and `db`. */
	readonly between?: readonly [string, string];
	/** A guest that answers such packets, whoever they were for. */
	readonly serving?: readonly [string, Packets];
};

type Options = Dom0Options & {readonly within?: number};

/** A test for each: the announcement ends within a second, or stays, and real packets agree. */
export function testVerdicts(test: TestFn, options: Options, verdicts: readonly Verdict[]): void {
	const onDom0 = sharedDom0(test, options);

	for (const verdict of verdicts) {
		test(
			verdict.title,
			onDom0((dom0, t) => judge(dom0, t, verdict, options)),
		);
	}
}

async function judge(
	dom0: Dom0,
	t: ExecutionContext,
	verdict: Verdict,
	{within = 1000}: Options,
): Promise<void> {
	const {sh, undo, loses = [], passes = [], careful, reason, mend} = verdict;
	const [a, b] = verdict.between ?? ['web', 'db'];
	await dom0.announced(a, b);
	if (verdict.serving) {
		await dom0.serve(...verdict.serving);
	}
	const missing = await dom0
		.sh(sh, undo === undefined ? {} : {undo})
		.then(() => undefined, whatIsMissing);
	if (missing !== undefined) {
		return t.log(`skip: ${missing}`);
	}

	if (loses.length === 0 && careful === undefined) {
		t.true(await dom0.keeps(a, b, 300), (await dom0.pair(a, b))?.reason ?? 'not announced');
		// Nobody withdraws where nobody lives.
		t.is((await dom0.pair(a, b))?.state, 'ready');
	} else {
		await dom0.withdrawn(a, b, {within: verdict.within ?? within});
		const pair = await dom0.pair(a, b);
		// A look may find the port as it is before it finds where it is.
		t.true(['rule', 'bridge'].includes(pair?.code ?? ''), pair?.reason ?? '');
		if (reason) {
			t.regex(pair?.reason ?? '', reason);
		}
	}
	for (const packets of loses) {
		t.true(await dom0.loses(a, b, packets), JSON.stringify(packets));
	}
	for (const packets of passes) {
		t.true(await dom0.passes(a, b, packets), JSON.stringify(packets));
	}
	if (mend !== undefined) {
		await dom0.sh(mend);
		await dom0.announced(a, b);
		for (const packets of loses) {
			t.true(await dom0.passes(a, b, packets), JSON.stringify(packets));
		}
	}
}

/** What this kernel lacks, where that is why a script failed. */
function whatIsMissing(error: Error): string {
	const words =
		/(qdisc kind is unknown|classifier not found|Failed to load TC [^.]*|Unknown qdisc.*)/i;
	const [missing] = words.exec(error.message) ?? [];
	if (missing === undefined) {
		throw error;
	}

	return missing;
}
