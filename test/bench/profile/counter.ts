// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {existsSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import {repository} from '../../lab/paths.ts';
import {until} from '../../lab/until.ts';
import {parseCounts, type Counts} from './counts.ts';

const run = promisify(execFile);
const source = path.join(repository, 'test/bench/profile/count.c');
const plugin = path.join(repository, 'build/profile/count.so');

/** The plugin that counts, and the way to ask it. */
export class Counter {
	readonly #folder: string;
	#asked = 0;

	private constructor(folder: string) {
		this.#folder = folder;
	}

	static async create(): Promise<Counter> {
		await mkdir(path.dirname(plugin), {recursive: true});
		const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-pthread'];
		await run('gcc', [...flags, '-o', plugin, source]);
		const counter = new Counter(await mkdtemp(path.join(os.tmpdir(), 'coloop-profile-')));
		await run('mkfifo', [counter.#fifo]);

		return counter;
	}

	/** What the emulator is to be started with. */
	get option(): string {
		return `${plugin},fifo=${this.#fifo}`;
	}

	/** Instructions of every block since the start. */
	async counts(): Promise<Counts> {
		const file = path.join(this.#folder, String(this.#asked++));
		await writeFile(this.#fifo, `${file}\n`);
		await until('the emulator tells its counts', () => existsSync(file));
		const counts = parseCounts(await readFile(file, 'utf8'));
		await rm(file);

		return counts;
	}

	async close(): Promise<void> {
		await rm(this.#folder, {recursive: true});
	}

	get #fifo(): string {
		return path.join(this.#folder, 'fifo');
	}
}
