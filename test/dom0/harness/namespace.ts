// SPDX-License-Identifier: MIT
import {spawn, type ChildProcess, type SpawnOptions} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';

/** Network and mount namespaces of dom0, held by a process that dies with ours. */
export type Namespace = {
	/** What is /run inside, as we see it from outside. */
	readonly run: string;
	/** Starts a program inside, in dom0's network or in that of a guest made with `ip netns add`. */
	start(argv: readonly string[], options?: SpawnOptions & {guest?: string}): ChildProcess;
	/** Output of a script of sh; throws what it said and its status where that is not 0. */
	sh(script: string, guest?: string): Promise<string>;
	close(): Promise<void>;
};

/** Under npm PATH starts with node_modules/.bin, where another "nft" lives. */
const path = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Ours has its own /run, and /sys as the new network namespace has it. */
const enter = `
	mount --bind "$1/run" /run
	mount -t sysfs none /sys
	echo ready
	exec sleep infinity
`;

export async function openNamespace(): Promise<Namespace> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-dom0-'));
	const run = join(folder, 'run');
	await mkdir(run);
	const holder = spawn(
		'setpriv',
		[
			...['--pdeathsig', 'KILL', 'unshare', '--net', '--mount', '--propagation', 'private'],
			...['sh', '-euc', enter, 'sh', folder],
		],
		{stdio: ['ignore', 'pipe', 'inherit'], env: {...env, PATH: path}},
	);
	const outcome = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit')]);
	if (String(outcome[0]).trim() !== 'ready') {
		throw new Error('no namespaces: these tests want root, and util-linux');
	}
	const proc = `/proc/${holder.pid}`;

	const start: Namespace['start'] = ([...argv], {guest, ...options} = {}) => {
		const net = guest === undefined ? `${proc}/ns/net` : `${proc}/root/run/netns/${guest}`;
		// nsenter opens both before it enters any.
		const into = ['nsenter', `--net=${net}`, `--mount=${proc}/ns/mnt`, '--', ...argv];

		return spawn('setpriv', ['--pdeathsig', 'KILL', ...into], {
			...options,
			env: {...env, PATH: path, ...options.env},
		});
	};

	return {
		run,
		start,
		sh: (script, guest) =>
			output(start(['sh', '-euc', script], guest === undefined ? {} : {guest}), script),
		async close() {
			holder.kill('SIGKILL');
			await once(holder, 'exit');
			await rm(folder, {recursive: true, force: true});
		},
	};
}

async function output(child: ChildProcess, script: string): Promise<string> {
	const [out, err]: [string[], string[]] = [[], []];
	child.stdout?.on('data', chunk => out.push(String(chunk)));
	child.stderr?.on('data', chunk => err.push(String(chunk)));
	child.stdin?.end();
	const [status, signal] = await once(child, 'close');
	if (status === 0) {
		return out.join('');
	}
	throw new Error(`${script}\nended with ${status ?? signal}: ${err.join('').trim()}`);
}
