// SPDX-License-Identifier: MIT

/**
 * How a lab test ends. `pass` and `skip` throw nothing or Skip; the others:
 * `error` is ours to mend in the lab, `failure` in Coloop, `crash` is a kernel's.
 */
export type Outcome = 'pass' | 'skip' | 'error' | 'failure' | 'crash';

/** The lab broke: QEMU, an image, a machine that does not answer. */
export class LabError extends Error {
	override readonly name = 'LabError';
}

/** Something that the test needs is not here, e.g. the module is not built. */
export class Skip extends Error {
	override readonly name = 'Skip';
}

/** A kernel or Xen said so itself. */
export class CrashError extends Error {
	override readonly name = 'CrashError';
}

/** A command in a machine ended otherwise than the test said. */
export class CommandError extends Error {
	override readonly name = 'CommandError';
}

export function outcomeOf(error: unknown): Outcome {
	if (error === undefined) {
		return 'pass';
	}
	if (error instanceof Skip) {
		return 'skip';
	}
	if (error instanceof CrashError) {
		return 'crash';
	}
	if (error instanceof LabError) {
		return 'error';
	}

	return 'failure';
}
