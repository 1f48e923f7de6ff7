// SPDX-License-Identifier: MIT
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {text} from 'node:stream/consumers';
import {until} from './_until.ts';

type Series = {readonly metric: Readonly<Record<string, string>>; readonly value: [number, string]};

export type Prometheus = {
	/** What an instant query answers; throws for an expression that is not well formed. */
	query(expr: string): Promise<Series[]>;
	get(path: string): Promise<unknown>;
	stop(): Promise<void>;
};

/** Debian's Prometheus, which scrapes `target` (host:port) every 200 ms and has our alert rules. */
export async function startPrometheus(target: string): Promise<Prometheus> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-prometheus-'));
	const config = {
		global: {scrape_interval: '200ms', scrape_timeout: '200ms', evaluation_interval: '200ms'},
		rule_files: [resolve('monitoring/alerts.yaml')],
		scrape_configs: [{job_name: 'coloop', static_configs: [{targets: [target]}]}],
	};
	await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
	const own = `127.0.0.1:${await freePort()}`;
	const child = spawn(
		'prometheus',
		[
			`--config.file=${join(folder, 'prometheus.yml')}`,
			`--storage.tsdb.path=${join(folder, 'data')}`,
			`--web.listen-address=${own}`,
			'--log.level=warn',
		],
		{stdio: ['ignore', 'ignore', 'pipe']},
	);
	const errors = text(child.stderr);
	const exited = once(child, 'exit');
	const get = async (path: string) => {
		const response = await fetch(`http://${own}${path}`);
		const answer = (await response.json()) as {status: string; error?: string; data: unknown};
		if (answer.status !== 'success') {
			throw new Error(`${path}: ${answer.error}`);
		}

		return answer.data;
	};
	await until('Prometheus is ready', async () => {
		if (child.exitCode !== null) {
			throw new Error(`prometheus ended: ${await errors}`);
		}

		return (await fetch(`http://${own}/-/ready`).catch(() => undefined))?.ok === true;
	});

	return {
		get,
		async query(expr) {
			const data = await get(`/api/v1/query?query=${encodeURIComponent(expr)}`);

			return (data as {result: Series[]}).result;
		},
		async stop() {
			child.kill('SIGTERM');
			await exited;
			await rm(folder, {recursive: true, force: true});
		},
	};
}

/** Debian's node_exporter, which has nothing to tell but what is in that folder. */
export async function startNodeExporter(folder: string) {
	const own = `127.0.0.1:${await freePort()}`;
	const child = spawn(
		'prometheus-node-exporter',
		[
			...['--collector.disable-defaults', '--collector.textfile'],
			...[`--collector.textfile.directory=${folder}`, `--web.listen-address=${own}`],
			'--log.level=error',
		],
		{stdio: 'ignore'},
	);
	const exited = once(child, 'exit');
	const url = `http://${own}/metrics`;
	await until('node_exporter answers', async () => {
		if (child.exitCode !== null) {
			throw new Error('node_exporter ended');
		}

		return (await fetch(url).catch(() => undefined))?.ok === true;
	});

	return {
		url,
		async stop() {
			child.kill('SIGTERM');
			await exited;
		},
	};
}

async function freePort(): Promise<number> {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	server.close();
	await once(server, 'close');

	return typeof address === 'object' && address ? address.port : 0;
}
