// SPDX-License-Identifier: MIT
import {dirname} from 'node:path';
import test from 'ava';
import {parseModule, readModules, type Module} from './_modules.ts';

/* What is in a line may import from its own line, without a circle of folders, and from those above. */
const layers: ReadonlyArray<readonly string[]> = [
	['userland'],
	['userland/nftables-js', 'userland/netlink-js', 'userland/manual'],
	['userland/kernel', 'userland/policy', 'userland/xenstore'],
	[
		'userland/firewall',
		'userland/openvswitch',
		'userland/enforcement',
		'userland/fleet',
		'userland/control',
	],
	['userland/metrics', 'userland/ui'],
	['userland/daemon', 'userland/cli'],
	['userland/bin'],
];

const modules = readModules(['userland']);

/** `userland/daemon/host/judge.ts` is of `userland/daemon`. */
function folderOf(path: string): string {
	return dirname(path).split('/').slice(0, 2).join('/');
}

function levelOf(path: string): number {
	return layers.findIndex(folders => folders.includes(folderOf(path)));
}

test('every folder has its place', t => {
	t.deepEqual(
		[...modules.keys()].filter(path => levelOf(path) < 0),
		[],
	);
});

test('nothing imports what is above it', t => {
	const upwards = [...modules].flatMap(([path, {imports}]) =>
		imports
			.filter(({from}) => levelOf(from) > levelOf(path))
			.map(({from}) => `${path}: ${from}`),
	);
	t.deepEqual(upwards, []);
});

test('folders do not import each other', t => {
	const folders = new Map<string, Set<string>>();
	for (const [path, {imports}] of modules) {
		const own = folders.get(folderOf(path)) ?? new Set();
		imports.forEach(({from}) => own.add(folderOf(from)));
		folders.set(folderOf(path), own);
	}
	for (const [folder, own] of folders) {
		own.delete(folder);
	}
	t.deepEqual(circles(folders), []);
});

test('what runs imports itself in no circle', t => {
	const graph = new Map(
		[...modules].map(([path, {imports}]) => [
			path,
			imports.filter(({isType}) => !isType).map(({from}) => from),
		]),
	);
	t.deepEqual(circles(graph), []);
});

/* A package's index says what the package has, whoever uses it; so does what is generated. */
const whole = /^userland\/((nftables|netlink)-js\/(index|isolated)|kernel\/constants)\.ts$/;

test('what is exported is used', t => {
	const all = new Map([...modules, ...readModules(['test', 'kmod/spec'])]);
	const used = usesOf(all);
	const unused = [...modules]
		.filter(([path]) => !whole.test(path))
		.flatMap(([path, {exports}]) =>
			exports
				.filter(name => !used.get(path)?.has(name) && !used.get(path)?.has('*'))
				.map(name => `${path}: ${name}`),
		);
	t.deepEqual(unused, []);
});

test('imports and exports are found in every form', t => {
	const text = `
		import type {A} from './a.ts';
		import {type B, b as c} from '../b.js';
		import {type D} from './d.ts';
		import zod from 'zod';
		export {e} from './e.ts';
		export type * from './f.ts';
		export const g = 1, h = 2;
		export type I = typeof import('./i.ts');
		export async function j() { await import('./k.ts'); }
		const l = 1;
	`;
	const {imports, exports} = parseModule('userland/x/y.ts', text);
	t.deepEqual(
		imports.map(({from, names, isType}) => `${from} ${names.join()} ${isType}`),
		[
			'userland/x/a.ts A true',
			'userland/b.ts B,b false',
			'userland/x/d.ts D true',
			'userland/x/e.ts e false',
			'userland/x/f.ts * true',
			'userland/x/i.ts * true',
			'userland/x/k.ts * false',
		],
	);
	t.deepEqual(exports, ['e', 'g', 'h', 'I', 'j']);
	t.deepEqual(
		circles(
			new Map([
				['a', ['b']],
				['b', ['c']],
				['c', ['b']],
				['d', ['a']],
			]),
		),
		['b c'],
	);
});

function usesOf(all: ReadonlyMap<string, Module>): Map<string, Set<string>> {
	const used = new Map<string, Set<string>>();
	for (const {imports} of all.values()) {
		for (const {from, names} of imports) {
			const own = used.get(from) ?? new Set();
			names.forEach(name => own.add(name));
			used.set(from, own);
		}
	}

	return used;
}

/** Members of each circle, in order. */
function circles(graph: ReadonlyMap<string, Iterable<string>>): string[] {
	const reached = (from: string) => {
		const seen = new Set<string>();
		const open = [...(graph.get(from) ?? [])];
		for (let next = open.pop(); next !== undefined; next = open.pop()) {
			if (!seen.has(next)) {
				seen.add(next);
				open.push(...(graph.get(next) ?? []));
			}
		}

		return seen;
	};
	const all = new Map([...graph.keys()].map(key => [key, reached(key)]));
	const found = [...all]
		.filter(([key, own]) => own.has(key))
		.map(([key, own]) =>
			[...own]
				.filter(each => all.get(each)?.has(key))
				.sort()
				.join(' '),
		);

	return [...new Set(found)];
}
