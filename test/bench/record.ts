// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {repository} from '../lab/paths.ts';
import {chart} from './chart.ts';
import {markdown} from './markdown.ts';
import type {Figure} from './parse.ts';
import {result, type Result} from './results.ts';
import type {Arm, Heading} from './row.ts';
import type {Group} from './rows/groups.ts';

/** What the figures are of. */
export type Versions = {readonly stack: string; readonly kernel: string; readonly xen: string};

export type Failure = {readonly name: string; readonly arm: Arm; readonly message: string};

type Entry = {
	readonly group: Group;
	readonly heading: Heading;
	readonly figures: Partial<Record<Arm, Figure[]>>;
};

/** What a run has measured until now. It is on disk too: a run cut short keeps what it has. */
export class BenchRecord {
	/** Of the first lab; all have the same. */
	versions: Versions | undefined;
	readonly #entries = new Map<string, Entry>();
	readonly #failures: Failure[] = [];

	get failures(): readonly Failure[] {
		return this.#failures;
	}

	get results(): Result[] {
		return [...this.#entries.values()].map(({group, heading, figures}) => ({
			...result(heading, figures),
			group: group.name,
		}));
	}

	/** Another round's figure. */
	async keep(group: Group, heading: Heading, arm: Arm, figure: Figure): Promise<void> {
		const entry = this.#entries.get(heading.name) ?? {group, heading, figures: {}};
		(entry.figures[arm] ??= []).push(figure);
		this.#entries.set(heading.name, entry);
		await this.#write();
	}

	hasFailed(name: string, arm: Arm): boolean {
		return this.#failures.some(each => each.name === name && each.arm === arm);
	}

	async fail(failure: Failure): Promise<void> {
		this.#failures.push(failure);
		await this.#write();
	}

	/** Charts and the table for people. */
	async illustrate(groups: readonly Group[]): Promise<string[]> {
		const files = [await put('bench.md', markdown(groups, this.results, this.versions))];
		for (const {name, title} of groups) {
			const results = this.results.filter(({group}) => group === name);
			const drawing = chart(title, results);
			if (drawing !== undefined) {
				files.push(await put(`bench-${name}.svg`, drawing));
			}
		}

		return files;
	}

	async #write(): Promise<void> {
		const failures = this.#failures.length === 0 ? {} : {failures: this.#failures};
		const content = {results: this.results, ...this.versions, ...failures};
		await put('bench.json', `${JSON.stringify(content, null, '\t')}\n`);
	}
}

async function put(name: string, content: string): Promise<string> {
	const file = path.join(repository, 'build', name);
	await mkdir(path.dirname(file), {recursive: true});
	await writeFile(file, content);

	return path.relative(process.cwd(), file);
}
