// SPDX-License-Identifier: MIT
import {readFile} from 'node:fs/promises';
import * as z from 'zod';
import {dom0Name} from '../domain-name.ts';
import {ColoopError} from '../errors.ts';
import {loadPolicy, type LoadedPolicy} from '../policy/load.ts';
import type {Identity} from '../policy/types.ts';
import {anyName, uuidForm} from '../policy/who.ts';
import type {Checkout} from './checkout.ts';
import {allBytesMost, documentsMost} from './limits.ts';
import {parseDocument} from './parse-document.ts';

/** What a policy comes to whose documents were those of the checkout, alone; messages name its files. */
export async function loadCheckout(
	{dir, files}: Checkout,
	present?: readonly Identity[],
): Promise<Omit<LoadedPolicy, 'errors'> & {readonly errors: readonly string[]}> {
	/* As etcd's, they include nothing, and no place in the file system is asked whom it belongs to. */
	const documents = files.map(({path, content}) => ({
		...{name: `etcd:${path}`, path: `etcd:${path}`, content},
	}));
	const loaded = await loadPolicy([], {documents, present});
	const local = (text: string) =>
		files.reduce((sofar, {path}) => sofar.replaceAll(`etcd:${path}`, path), text);
	const bytes = files.reduce(
		(sum, {content}) => sum + (content instanceof Error ? 0 : content.length),
		0,
	);
	const errors = [
		...loaded.errors.map(({message}) => local(message)),
		...(files.length > documentsMost ? [tooMuch(dir, `${documentsMost} documents`)] : []),
		...(bytes > allBytesMost ? [tooMuch(dir, `${allBytesMost} bytes in all`)] : []),
	];

	return {...loaded, errors, warnings: loaded.warnings.map(local)};
}

function tooMuch(dir: string, most: string): string {
	return `${dir}:1:1: error: file: expected at most ${most}, got more`;
}

// Every message is the X of `expected X, got Y`.
const aName = {error: 'the name of a domain'};
const name = z.string(aName).regex(anyName, aName);
const aUuid = {error: 'a UUID, as in 9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'};
const uuid = z.string(aUuid).regex(uuidForm, aUuid).optional();
const aDomain = {error: 'the name of a domain, or its name: and uuid:'};
const domains = {error: 'a list of domains, each with "- "'};
const schema = z.strictObject(
	{
		version: z.literal(1, {error: '1'}),
		hosts: z.record(
			z.string(),
			z.array(z.union([name, z.strictObject({name, uuid}, aDomain)], aDomain), domains),
			{error: 'a map of hosts, each with a list of its domains'},
		),
	},
	{error: 'a map'},
);

/** All domains of all hosts of an inventory. Throws PolicyError with its places, USAGE where it cannot be read. */
export async function readInventory(path: string): Promise<Identity[]> {
	const text = await readFile(path).catch(error => {
		throw new ColoopError('USAGE', `${path}: ${(error as Error).message}`);
	});
	const {value} = parseDocument(schema, text, path);
	const all = Object.values(value.hosts).flat();

	return [
		{name: dom0Name, domid: 0},
		...all.map(each =>
			typeof each === 'string'
				? {name: each}
				: {name: each.name, uuid: each.uuid?.toLowerCase()},
		),
	];
}
