// SPDX-License-Identifier: MIT
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {runs} from './runs.ts';

export type Pair = {readonly cert: string; readonly key: string};

export type Certificates = {
	readonly ca: string;
	/** Somebody else's. */
	readonly otherCa: string;
	readonly server: Pair;
	readonly client: Pair;
	/** Of one whom `otherCa` vouches for. */
	readonly stranger: Pair;
};

/** An authority, what it vouches for, and a stranger. */
export async function makeCertificates(dir: string): Promise<Certificates> {
	await mkdir(dir, {recursive: true});
	const ca = await authority(dir, 'ca');
	const otherCa = await authority(dir, 'other-ca');

	return {
		...{ca: ca.cert, otherCa: otherCa.cert},
		server: await signed(dir, 'server', ca),
		client: await signed(dir, 'client', ca),
		stranger: await signed(dir, 'stranger', otherCa),
	};
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

async function authority(dir: string, name: string): Promise<Pair> {
	const [cert, key] = [join(dir, `${name}.pem`), join(dir, `${name}.key`)];
	const subject = ['-subj', `/CN=${name}`, '-days', '2'];
	await runs('openssl', ['req', '-x509', ...newKey, ...subject, '-keyout', key, '-out', cert]);

	return {cert, key};
}

async function signed(dir: string, name: string, by: Pair): Promise<Pair> {
	const [cert, key, request] = ['pem', 'key', 'csr'].map(end => join(dir, `${name}.${end}`)) as [
		string,
		string,
		string,
	];
	const extensions = join(dir, 'extensions');
	await writeFile(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
	await runs('openssl', [
		...['req', '-new', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', request],
	]);
	await runs('openssl', [
		...['x509', '-req', '-in', request, '-CA', by.cert, '-CAkey', by.key, '-CAcreateserial'],
		...['-days', '2', '-extfile', extensions, '-out', cert],
	]);

	return {cert, key};
}
