// SPDX-License-Identifier: MIT
import {stat} from 'node:fs/promises';
import {ColoopError} from '../errors.ts';
import {codeOf, readTrusted} from '../policy/files.ts';
import type {FleetConfig} from './config.ts';

/** What etcd's members and we show each other. */
export type Credentials = {
	readonly ca: Uint8Array | undefined;
	readonly own: {readonly cert: Uint8Array; readonly key: Uint8Array} | undefined;
	readonly login: {readonly name: string; readonly password: string} | undefined;
};

/** Read anew for each connection, so that a new certificate or password needs no restart. Throws POLICY. */
export async function readCredentials({tls, login}: FleetConfig): Promise<Credentials> {
	return {
		ca: tls.ca === undefined ? undefined : await read(tls.ca),
		own: tls.own && {
			cert: await read(tls.own.certificate),
			key: await readSecret(tls.own.key),
		},
		login: login && {
			name: login.user,
			/* Editors end a file with a line end, which is no part of a password. */
			password: Buffer.from(await readSecret(login.passwordFile))
				.toString('utf8')
				.replace(/\r?\n$/, ''),
		},
	};
}

async function read(path: string): Promise<Uint8Array> {
	return await readTrusted(path).catch(error => {
		throw new ColoopError('POLICY', `${path}: expected a file, got ${codeOf(error)}`);
	});
}

const othersMayRead = 0o077;

async function readSecret(path: string): Promise<Uint8Array> {
	const content = await read(path);
	const {mode} = await stat(path);
	if ((mode & othersMayRead) !== 0) {
		const octal = (mode & 0o7777).toString(8).padStart(4, '0');
		throw new ColoopError(
			'POLICY',
			`${path}: expected a secret that only its owner reads, got mode ${octal}`,
			{hint: `chmod go= ${path}`},
		);
	}

	return content;
}
