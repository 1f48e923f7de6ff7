// SPDX-License-Identifier: MIT
import {createHash} from 'node:crypto';

/** One complaint of a kernel or of Xen, cut out of its log. */
export type Crash = {
	/** dom0, a, b ... or xen. */
	readonly where: string;
	readonly title: string;
	readonly text: string;
	/** The same for the same fault at another time and address. */
	readonly fingerprint: string;
};

// What no log of a healthy machine holds.
const splats: readonly RegExp[] = [
	/\bBUG: .*/,
	/\bBUG \S+ \(.*/,
	/\bkernel BUG at .*/,
	/\bINFO: trying to register non-static key.*/,
	/\bpagealloc: .*corruption.*/,
	/\bunregister_netdevice: waiting for .*/,
	/\bref_tracker: .*/,
	/\bWARNING: (?!.*\btaint).*/,
	/\bKASAN: .*/,
	/\bUBSAN: .*/,
	/\bOops: .*/,
	/\bgeneral protection fault.*/,
	/\bKernel panic .*/,
	/\bpossible (recursive|circular) locking.*/,
	/\bunreferenced object .*/,
	/\bg\.e\. 0x[\da-f]+ still (in use|pending).*/,
	/\bleaking g\.e\..*/,
	/\bsched: RT throttling.*/,
	/\bblocked for more than \d+ seconds.*/,
	/\brcu: INFO: .*stall.*/,
	/\bnode\[\d+\]: segfault at.*/,
	/\(XEN\).*\bPanic on CPU.*/,
	/\(XEN\).*\bXen (BUG|WARN) at.*/,
	/\(XEN\).*\bAssertion .* failed.*/,
	/\(XEN\).*\bdomain_crash.*/,
	/\(XEN\).*\bcrashed on cpu.*/,
];

// Where Xen or dom0's kernel ended: nothing will ever answer again.
const fatal = /\(XEN\).*\bPanic on CPU|^(?:\[[ .\d]+\] )?Kernel panic - not syncing/m;

const maxLines = 150;
const traceEnd = /---\[ end |\(XEN\) \*{10}|<\/TASK>/;
// KASAN has more to say after the first trace: who allocated, who freed.
const longReport = /BUG: KASAN: |BUG \S+ \(/;
const reportEnd = /={40}|---\[ end /;
const traceEntry = /\b([a-z_][\w.]*)\+0x[\da-f]+\/0x[\da-f]+/i;

/** Finds every splat in a log, each with the trace that belongs to it. */
export function findCrashes(where: string, log: string): Crash[] {
	const lines = log.split('\n');
	const found: Crash[] = [];

	for (let at = 0; at < lines.length; at++) {
		const title = splatIn(lines[at] ?? '');
		if (title === undefined) {
			continue;
		}
		const text = cutOut(lines, at);
		found.push({where, title, text: text.join('\n'), fingerprint: fingerprint(title, text)});
		at += text.length - 1;
	}

	return found;
}

/** Whether the console says that the whole machine is gone. */
export function isFatal(console: string): boolean {
	return fatal.test(console);
}

function splatIn(line: string): string | undefined {
	for (const splat of splats) {
		const match = splat.exec(line);
		if (match) {
			return match[0];
		}
	}

	return undefined;
}

// A splat with a trace goes to the trace's end; one without is a line alone.
function cutOut(lines: readonly string[], from: number): readonly string[] {
	const ends = longReport.test(lines[from] ?? '') ? reportEnd : traceEnd;
	const window = lines.slice(from, from + maxLines);
	const end = window.findIndex((line, at) => at > 0 && ends.test(line));

	return window.slice(0, end < 0 ? 1 : end + 1);
}

function fingerprint(title: string, text: readonly string[]): string {
	const kind = title.replace(/0x[\da-f]+|\d+/gi, 'N');
	const trace = text.flatMap(line => traceEntry.exec(line)?.[1] ?? []).slice(0, 6);

	return createHash('sha256')
		.update([kind, ...trace].join('\n'))
		.digest('hex')
		.slice(0, 12);
}
