// SPDX-License-Identifier: MIT
import type {ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFile} from 'node:fs/promises';
import {env, execPath} from 'node:process';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {Namespace} from './namespace.ts';
import {until, type Patience} from './until.ts';

export type LogLine = {readonly event: string; readonly [field: string]: unknown};

/** The real daemon, as its package starts it. */
export type Coloopd = {
	readonly pid: number;
	/** All it has logged. What is no JSON is an `event` of its own, `unparsed`, with the `text`. */
	readonly log: readonly LogLine[];
	/** The first line from the `from`-th on that is such an event. */
	logged(event: string, options?: Patience & {from?: number}): Promise<LogLine>;
	/** Exit status, or the name of the signal that ended it. */
	readonly ended: Promise<number | string>;
	signal(name: NodeJS.Signals): void;
	/** SIGTERM; answers the exit status. */
	stop(): Promise<number | string>;
	/** SIGKILL. */
	kill(): Promise<void>;
	/** Processor time since it started, user and system, without that of processes it started; ms. */
	cpu(): Promise<number>;
	/** How long it, and the processes that it started, were ready to run and had no processor; ms. */
	delayed(): Promise<number>;
	/** Resident memory in MiB. */
	memory(): Promise<number>;
};

const programs = new URL('../../../userland/bin/', import.meta.url);

/** `coloopd` or `coloop`, as words of a command line; COLOOP_NODE names another Node than that of the tests. */
export function program(name: 'coloopd' | 'coloop'): string[] {
	return [env['COLOOP_NODE'] ?? execPath, fileURLToPath(new URL(`${name}.js`, programs))];
}

export function startColoopd(namespace: Namespace, args: readonly string[]): Coloopd {
	const child = namespace.start([...program('coloopd'), ...args], {
		stdio: ['ignore', 'ignore', 'pipe'],
		env: {STATE_DIRECTORY: '/run/coloop'},
	});
	const log = follow(child);
	const ended = once(child, 'close').then(([status, signal]) => status ?? signal);
	const pid = child.pid ?? 0;

	return {
		pid,
		log,
		ended,
		async logged(event, {from = 0, ...patience} = {}) {
			const find = () => log.slice(from).find(line => line.event === event);
			await until(`coloopd logs ${event}`, () => find() !== undefined, patience);

			return find() ?? {event};
		},
		signal: name => void child.kill(name),
		async stop() {
			child.kill('SIGTERM');

			return await ended;
		},
		async kill() {
			child.kill('SIGKILL');
			await ended;
		},
		async cpu() {
			// After the name, which may hold spaces: fields 14 and 15 of proc(5), in 1/100 s.
			const text = (await readFile(`/proc/${pid}/stat`, 'latin1')).split(') ').at(-1) ?? '';
			const [user = 0, system = 0] = text.split(' ').slice(11, 13).map(Number);

			return (user + system) * 10;
		},
		async delayed() {
			const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(
				() => '',
			);
			const pids = [pid, ...children.trim().split(' ').filter(Boolean)];
			const each = await Promise.all(pids.map(delayOf));

			return each.reduce((sum, ms) => sum + ms, 0);
		},
		async memory() {
			const status = await readFile(`/proc/${pid}/status`, 'latin1');

			return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
		},
	};
}

/** The second number of schedstat is in ns, and of the main thread; 0 of what has ended. */
async function delayOf(pid: number | string): Promise<number> {
	const text = await readFile(`/proc/${pid}/schedstat`, 'latin1').catch(() => '');

	return Number(text.split(' ')[1] ?? 0) / 1e6;
}

function follow({stderr}: ChildProcess): LogLine[] {
	const log: LogLine[] = [];

	if (stderr) {
		createInterface({input: stderr}).on('line', text => log.push(parse(text)));
	}

	return log;
}

function parse(text: string): LogLine {
	try {
		return JSON.parse(text);
	} catch {
		return {event: 'unparsed', text};
	}
}
