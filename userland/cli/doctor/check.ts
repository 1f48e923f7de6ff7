// SPDX-License-Identifier: MIT
import type {Status} from '../../control/protocol.ts';
import type {ColoopError} from '../../errors.ts';
import type {System} from '../system.ts';
import type {Finding} from './finding.ts';

/** What checks go by. */
export type Evidence = {
	readonly system: System;
	/** Undefined where the daemon does not answer, for which `failure` is why. */
	readonly status: Status | undefined;
	readonly failure: ColoopError | undefined;
	readonly isDom0: boolean;
	/** Seconds since 1970. */
	readonly now: number;
};

export type Check = {
	readonly name: string;
	/** What is looked at, for the manual. */
	readonly reads: string;
	readonly look: (evidence: Evidence) => Promise<Finding> | Finding;
};

/** A file's first line, without blanks around it; undefined where there is none. */
export async function line(system: System, path: string): Promise<string | undefined> {
	return (await system.read(path))?.split('\n', 1)[0]?.trim();
}
