// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {writeFileSync} from 'node:fs';
import {text} from 'node:stream/consumers';

/** A program's status and what it said on stderr; `input` is its stdin. */
export async function run(
	program: string,
	args: readonly string[],
	input = '',
): Promise<{readonly status: unknown; readonly said: string}> {
	const child = spawn(program, args, {stdio: ['pipe', 'ignore', 'pipe']});
	child.stdin.on('error', () => undefined);
	child.stdin.end(input);
	const [said, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);

	return {status, said};
}

/** Throws where the program does not succeed. */
export async function mustRun(program: string, args: readonly string[], input = ''): Promise<void> {
	const {status, said} = await run(program, args, input);
	if (status !== 0) {
		throw new Error(`${program} ${args.join(' ')}: ${said.trim()}`);
	}
}

/**
 * Commands of `ip`, `bridge` or `tc`, in one process; those that fail are passed over. Returns their
 * places in the list.
 */
export async function runBatch(program: string, lines: readonly string[]): Promise<Set<number>> {
	if (lines.length === 0) {
		return new Set();
	}
	const {said} = await run(program, ['-force', '-batch', '-'], `${lines.join('\n')}\n`);

	return new Set(
		[...said.matchAll(/^Command failed -:(\d+)/gm)].map(([, line]) => Number(line) - 1),
	);
}

/** `net.bridge.bridge-nf-call-iptables`: of the network namespace of this process. */
export function writeSysctl(name: string, value: string): void {
	// A device's name may have dots; with `/` instead they stay.
	const path = name.includes('/') ? name : name.replaceAll('.', '/');
	writeFileSync(`/proc/sys/${path}`, value);
}
