// SPDX-License-Identifier: MIT
import {dirname, resolve} from 'node:path';
import * as z from 'zod';
import {isLoopback} from '../local-http.ts';
import {createProblems} from '../policy/errors.ts';
import {readTrusted, unreadable} from '../policy/files.ts';
import {parseDocument} from './parse-document.ts';

/** Where the configuration is looked for; no such file: no fleet. */
export const configFile = '/etc/coloop/fleet.yaml';

/** Which etcd has policy of ours, and how it knows us. Paths are absolute. */
export type FleetConfig = {
	/** URLs without a path, one for each member. */
	readonly endpoints: readonly string[];
	/** Of the keys of our documents; begins and ends with a slash. */
	readonly prefix: string;
	readonly tls: {
		/** Who vouches for the members; undefined: whom this machine trusts. */
		readonly ca: string | undefined;
		readonly own: {readonly certificate: string; readonly key: string} | undefined;
	};
	readonly login: {readonly user: string; readonly passwordFile: string} | undefined;
};

const configFormat = 1;
const endpointsMost = 16;

// Every message is the X of `expected X, got Y`.
const url = {error: 'the URL of a member of etcd, as in https://etcd-1.example.org:2379'};
const endpoint = z.string(url).refine(isEndpoint, url);
const someUrls = {error: `a list of 1 to ${endpointsMost} URLs`};
const prefixText = {error: 'a prefix of keys that begins and ends with /, as in /coloop/policy/'};
const path = {error: 'the path of a file'};
const file = z.string(path).min(1, path);
const aMap = {error: 'a map'};
const aUser = {error: 'the name of a user of etcd'};

const schema = z.strictObject(
	{
		version: z.literal(configFormat, {error: `${configFormat}`}),
		endpoints: z.array(endpoint, someUrls).min(1, someUrls).max(endpointsMost, someUrls),
		prefix: z
			.string(prefixText)
			.regex(/^\/(?:[\w.-]{1,64}\/){1,8}$/, prefixText)
			.default('/coloop/policy/'),
		ca: file.optional(),
		certificate: file.optional(),
		key: file.optional(),
		user: z.string(aUser).min(1, aUser).optional(),
		password_file: file.optional(),
	},
	aMap,
);

/** Undefined where there is no such file. Throws PolicyError, with the place of each thing that is wrong. */
export async function readConfig(path: string): Promise<FleetConfig | undefined> {
	const text = await readTrusted(path).catch(error => {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return undefined;
		}
		throw unreadable(path, 'a file', error);
	});

	return text && parseConfig(text, path);
}

/** `path`: of the file, to which others in it are relative. Throws PolicyError. */
export function parseConfig(text: string | Uint8Array, path: string): FleetConfig {
	const {value, placeOf} = parseDocument(schema, text, path);
	const {endpoints, prefix, ca, certificate, key, user, password_file: passwordFile} = value;
	const problems = createProblems(path);
	const refuse = (at: readonly PropertyKey[], message: string) =>
		problems.add(() => ({...placeOf(at), message}));
	const both = (one: keyof typeof value, other: keyof typeof value) => {
		if (value[one] !== undefined && value[other] === undefined) {
			refuse([one], `expected ${other} beside ${one}, got nothing`);
		}
	};
	both('certificate', 'key');
	both('key', 'certificate');
	both('user', 'password_file');
	both('password_file', 'user');
	for (const [index, each] of endpoints.entries()) {
		if (!isSafe(each)) {
			refuse(
				['endpoints', index],
				`expected https:// to another machine, got ${each}: whoever is on the way could write the policy`,
			);
		}
	}
	problems.throwIfAny();
	const at = (name: string) => resolve(dirname(path), name);

	return {
		...{endpoints: endpoints.map(each => new URL(each).origin), prefix},
		tls: {
			ca: ca === undefined ? undefined : at(ca),
			own:
				certificate !== undefined && key !== undefined
					? {certificate: at(certificate), key: at(key)}
					: undefined,
		},
		login:
			user !== undefined && passwordFile !== undefined
				? {user, passwordFile: at(passwordFile)}
				: undefined,
	};
}

function isEndpoint(text: string): boolean {
	try {
		const {protocol, hostname, username, password, pathname, search, hash} = new URL(text);
		const isBare = `${username}${password}${search}${hash}` === '' && pathname === '/';

		return /^https?:$/.test(protocol) && hostname !== '' && isBare;
	} catch {
		return false;
	}
}

function isSafe(endpoint: string): boolean {
	const {protocol, hostname} = new URL(endpoint);

	return protocol === 'https:' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}
