// SPDX-License-Identifier: MIT
import type {Want} from '../control/protocol.ts';
import {domainName} from '../domain-name.ts';
import {ColoopError} from '../errors.ts';
import type {LoadedPolicy} from '../policy/load.ts';
import {ruleName} from '../policy/rule-name.ts';
import type {Verdict} from '../policy/types.ts';

/** The names of domains for what a person calls them; as they are given where no coloopd runs. */
export async function nameAll(socket: string, given: readonly string[]): Promise<string[]> {
	const {askStatus} = await import('../control/client.ts');
	const want: Want = {peers: 'none', pairs: 'none', names: [...given]};
	const status = await askStatus(socket, want).catch(error => {
		if (error instanceof ColoopError && error.code === 'NO_DAEMON') {
			return undefined;
		}
		throw error;
	});

	return given.map((each, index) => status?.meant?.[index]?.name ?? domainName(each));
}

/** Which rule decides for two domains of the host; for one, whether we accept it as a peer. */
export async function test(directory: string | undefined, names: readonly string[]) {
	const {loadPolicy} = await import('../policy/load.ts');
	const {decideAccept, decidePair} = await import('../policy/match.ts');
	const {fileError} = await import('../policy/parse.ts');
	const loaded = await (directory === undefined ? loadPolicy() : loadPolicy(directory));
	if (directory !== undefined && loaded.dir === undefined) {
		throw fileError(directory, 'expected a directory, got none');
	}
	refuseBroken(loaded);
	const [a = '', b] = names;
	const verdict: Verdict =
		b === undefined ? decideAccept(loaded.policy, a) : decidePair(loaded.policy, a, b);
	const by = ruleName(verdict.rule) ?? 'no rule matches, and that is deny';
	const what = b === undefined ? `accept ${a}` : `${a} <-> ${b}`;

	return {isAllowed: verdict.action === 'allow', line: `${what}: ${verdict.action} (${by})`};
}

function refuseBroken({errors}: LoadedPolicy): void {
	const [first] = errors;
	if (!first) {
		return;
	}
	const message = errors.map(error => error.message).join('\n');
	throw new ColoopError('POLICY', message, {
		hint: 'mend the files; until then nothing is decided',
	});
}
