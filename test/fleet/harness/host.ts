// SPDX-License-Identifier: MIT
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import type {FleetConfig} from '../../../userland/fleet/config.ts';
import {createFleet, type FleetState} from '../../../userland/fleet/fleet.ts';
import type {LoadedPolicy} from '../../../userland/policy/load.ts';
import {watchPolicy} from '../../../userland/policy/watch.ts';

export const prefix = '/coloop/policy/';

export type LogLine = {readonly level: string; readonly event: string; readonly message?: unknown};

/** A host's policy, as its daemon has it: files, and an etcd. */
export type Host = {
	readonly dir: string;
	readonly keptFile: string;
	readonly log: LogLine[];
	/** How many policies were seen. */
	readonly seen: LoadedPolicy[];
	now(): LoadedPolicy | undefined;
	state(): FleetState;
	/** The next policy that satisfies, or the present one. */
	until(wanted: (policy: LoadedPolicy, state: FleetState) => boolean): Promise<LoadedPolicy>;
	stop(): Promise<void>;
};

type Options = {
	readonly files?: Readonly<Record<string, string>>;
	/** Where an earlier one had its state. */
	readonly keptIn?: string;
};

export function configOf(
	endpoints: readonly string[],
	more: Partial<FleetConfig> = {},
): FleetConfig {
	return {
		...{endpoints, prefix, tls: {ca: undefined, own: undefined}, login: undefined},
		...more,
	};
}

export async function startHost(
	t: Pick<ExecutionContext, 'teardown'>,
	config: FleetConfig,
	{files = {}, keptIn}: Options = {},
): Promise<Host> {
	const parent = await mkdtemp(join(tmpdir(), 'coloop-host-'));
	const dir = join(parent, 'policy.d');
	const keptFile = keptIn ?? join(parent, 'state/fleet.json');
	const log: LogLine[] = [];
	await mkdir(dir, {mode: 0o755});
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text, {mode: 0o644});
	}
	const write = (level: string) => (event: string, fields: Record<string, unknown>) =>
		void log.push({level, event, ...fields});
	const fleet = createFleet(config, {
		...{file: keptFile, log: {info: write('info'), warn: write('warn')}},
		unix: () => Math.floor(Date.now() / 1000),
	});
	const stop = new AbortController();
	const seen: LoadedPolicy[] = [];
	const waiting = new Set<() => void>();
	const tell = () => [...waiting].forEach(look => look());
	const running = (async () => {
		for await (const loaded of watchPolicy(dir, stop.signal, () => {}, 'dom0', fleet)) {
			seen.push(loaded);
			tell();
		}
	})();
	const end = async () => {
		stop.abort();
		await running;
	};
	t.teardown(async () => {
		await end();
		/* Its copy may just be written. */
		await rm(parent, {recursive: true, force: true, maxRetries: 10});
	});

	return {
		...{dir, keptFile, log, seen, state: fleet.state, stop: end},
		now: () => seen.at(-1),
		until: wanted =>
			new Promise(resolve => {
				const look = () => {
					const last = seen.at(-1);
					if (last && wanted(last, fleet.state())) {
						waiting.delete(look);
						clearInterval(alive);
						resolve(last);
					}
				};
				/* What only the state tells is looked at. */
				const alive = setInterval(look, 20);
				waiting.add(look);
				look();
			}),
	};
}

/** A document, and what tells that it is in force. */
export function allows(name: string): string {
	return `version: 1\naccept:\n  - allow: ${name}\n`;
}

export function peersOf(policy: LoadedPolicy | undefined): string {
	return (policy?.policy.accept ?? []).map(({peer}) => String(peer)).join();
}
