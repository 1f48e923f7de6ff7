// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {release} from 'node:os';
import {promisify} from 'node:util';
import {ColoopError} from '../errors.ts';

/** One build of the module; `build` differs where the source does. */
type Build = {readonly version: string; readonly build: string};

/** The machine: its tools, and what its kernel says of the module. Real ones unless a test passes its own. */
export type ModuleTools = {
	/** Runs a program of kmod; throws what it said. */
	run(program: 'modinfo' | 'modprobe' | 'rmmod', ...words: readonly string[]): Promise<string>;
	/** Of /sys/module/coloop; undefined: there is no such file. */
	read(name: string): Promise<string | undefined>;
	readonly kernel: string;
};

/**
 * Replaces the module that is loaded by the one that is installed; says what it did. Nothing is unloaded before an
 * installed one is found. Throws NO_MODULE where none is, KERNEL where the kernel refuses.
 */
export async function reloadModule(
	{isForced}: {isForced: boolean},
	tools: ModuleTools = realTools,
): Promise<string[]> {
	const next = await installed(tools);
	const last = await loaded(tools);
	if (last && !isForced && last.build === next.build && last.version === next.version) {
		return [`the module that is loaded is the one that is installed: ${describe(last)}`];
	}
	if (last) {
		await unload(tools);
	}
	await load(tools, last !== undefined);

	return last
		? [
				`module ${describe(next)} replaces ${describe(last)}`,
				'channels come back with the next packets',
			]
		: [`module ${describe(next)} is loaded; none was`];
}

async function installed({run, kernel}: ModuleTools): Promise<Build> {
	try {
		const field = async (name: string) => (await run('modinfo', '-F', name, 'coloop')).trim();

		return {version: await field('version'), build: await field('srcversion')};
	} catch (cause) {
		throw new ColoopError('NO_MODULE', `no module coloop is installed for Linux ${kernel}`, {
			cause,
			hint: `\`dkms status coloop\` says whether it was built; it needs the package linux-headers-${kernel}`,
		});
	}
}

async function loaded({read}: ModuleTools): Promise<Build | undefined> {
	const [version, build] = [await read('version'), await read('srcversion')];

	return version === undefined
		? undefined
		: {version: version.trim(), build: (build ?? '').trim()};
}

async function unload({run}: ModuleTools): Promise<void> {
	try {
		await run('rmmod', 'coloop');
	} catch (cause) {
		throw new ColoopError('KERNEL', `the module stays loaded: ${messageOf(cause)}`, {
			cause,
			hint: 'it is unloaded as root, when nothing of it is in use: lsmod',
		});
	}
}

async function load({run}: ModuleTools, wasLoaded: boolean): Promise<void> {
	try {
		await run('modprobe', 'coloop');
	} catch (cause) {
		const now = wasLoaded ? 'the old module is gone and the new one' : 'the module';
		throw new ColoopError('KERNEL', `${now} cannot be loaded: ${messageOf(cause)}`, {
			cause,
			hint: 'all packets take the ordinary path; `dmesg` says why, a signature that the machine does not trust for one',
		});
	}
}

function describe({version, build}: Build): string {
	return build === '' ? version : `${version} (${build})`;
}

function messageOf(cause: unknown): string {
	const {stderr, message} = cause as {stderr?: string; message?: string};

	return (stderr || message || String(cause)).trim().split('\n').at(-1) ?? '';
}

const realTools: ModuleTools = {
	kernel: release(),
	async run(program, ...words) {
		const env = {PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C'};

		return (await promisify(execFile)(program, words, {env})).stdout;
	},
	read: name => readFile(`/sys/module/coloop/${name}`, 'utf8').catch(() => undefined),
};
