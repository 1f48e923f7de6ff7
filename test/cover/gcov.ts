// SPDX-License-Identifier: MIT

/** How often each line of a file ran, and each way out of its branches. */
export type FileCover = {
	readonly lines: ReadonlyMap<number, number>;
	/** By line and place within it. */
	readonly branches: ReadonlyMap<string, number>;
};

export type Cover = ReadonlyMap<string, FileCover>;

export type Ratio = {readonly hit: number; readonly of: number};

/** What `gcov --json-format -b` says of the files of kmod/; the kernel has a netlink.h, too. */
export function parseGcov(text: string): Cover {
	const report: unknown = JSON.parse(text);

	return mergeCovers(
		asList(field(report, 'files'), 'files').flatMap(each => {
			const file = asText(field(each, 'file'), 'file');
			const name = /(?:^|\/)kmod\/([^/]+)$/.exec(file)?.[1];

			return name === undefined ? [] : [new Map([[name, parseFile(each)]])];
		}),
	);
}

/** Counts of several runs added up. A line of a header is in every file that includes it. */
export function mergeCovers(covers: readonly Cover[]): Cover {
	const merged = new Map<string, FileCover>();

	for (const cover of covers) {
		for (const [name, {lines, branches}] of cover) {
			const before = merged.get(name);
			merged.set(name, {
				lines: add(before?.lines, lines),
				branches: add(before?.branches, branches),
			});
		}
	}

	return merged;
}

export function ratio(counts: ReadonlyMap<unknown, number>): Ratio {
	return {hit: [...counts.values()].filter(count => count > 0).length, of: counts.size};
}

export function total(ratios: readonly Ratio[]): Ratio {
	return {
		hit: ratios.reduce((sum, {hit}) => sum + hit, 0),
		of: ratios.reduce((sum, {of}) => sum + of, 0),
	};
}

function parseFile(file: unknown): FileCover {
	const lines = new Map<number, number>();
	const branches = new Map<string, number>();

	for (const each of asList(field(file, 'lines'), 'lines')) {
		const line = asCount(field(each, 'line_number'), 'line_number');
		lines.set(line, (lines.get(line) ?? 0) + asCount(field(each, 'count'), 'count'));
		for (const [at, way] of asList(field(each, 'branches'), 'branches').entries()) {
			const key = `${line}.${at}`;
			const count = asCount(field(way, 'count'), 'branch count');
			branches.set(key, (branches.get(key) ?? 0) + count);
		}
	}

	return {lines, branches};
}

function add<K>(
	before: ReadonlyMap<K, number> | undefined,
	more: ReadonlyMap<K, number>,
): ReadonlyMap<K, number> {
	const sum = new Map(before);

	for (const [key, count] of more) {
		sum.set(key, (sum.get(key) ?? 0) + count);
	}

	return sum;
}

function field(value: unknown, name: string): unknown {
	if (typeof value !== 'object' || value === null) {
		throw new Error(`gcov: expected an object with ${name}`);
	}

	return Object.entries(value).find(([key]) => key === name)?.[1];
}

function asList(value: unknown, at: string): readonly unknown[] {
	if (Array.isArray(value)) {
		return value;
	}
	throw new Error(`gcov: ${at}: expected a list`);
}

function asText(value: unknown, at: string): string {
	if (typeof value === 'string') {
		return value;
	}
	throw new Error(`gcov: ${at}: expected text`);
}

function asCount(value: unknown, at: string): number {
	if (typeof value === 'number') {
		return value;
	}
	throw new Error(`gcov: ${at}: expected a number`);
}
