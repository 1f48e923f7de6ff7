// SPDX-License-Identifier: MIT
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {askStatus} from '../../userland/control/client.ts';
import {serve} from '../../userland/control/server.ts';
import type {Daemon} from '../../userland/daemon/daemon.ts';
import {createSource} from '../../userland/ui/source.ts';
import {serveUi} from '../../userland/ui/serve.ts';
import type {Stage} from '../unit/daemon/_stage.ts';

export type Shown = {
	readonly url: string;
	/** Ends the daemon; the page goes on. */
	endDaemon(): Promise<void>;
	stop(): Promise<void>;
};

export type ShownHost = Shown & {readonly stage: Stage};

/** A host in memory, whose dom0 the page shows. */
export async function showHost(stage: Stage, prepare: () => Promise<Daemon>): Promise<ShownHost> {
	const daemon = await prepare();
	const shown = await showDaemon(daemon.handle);

	return {
		...{...shown, stage},
		async stop() {
			await shown.stop();
			await stage.stopAll();
		},
	};
}

/** What a daemon answers on a real control socket, as `coloop ui` shows it. */
export async function showDaemon(handle: Daemon['handle']): Promise<Shown> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-ui-'));
	const socket = join(folder, 'coloopd.sock');
	const [answering, showing] = [new AbortController(), new AbortController()];
	const answered = serve(socket, handle, answering.signal);
	let shown = Promise.resolve();
	const port = await new Promise<number>((resolve, reject) => {
		shown = serveUi(
			{kind: 'loopback', host: '127.0.0.1', port: 0},
			createSource(want => askStatus(socket, want)),
			showing.signal,
			at => resolve(at ?? 0),
		);
		shown.catch(reject);
	});
	const endDaemon = async () => {
		answering.abort();
		await answered;
	};

	return {
		...{endDaemon, url: `http://127.0.0.1:${port}/`},
		async stop() {
			showing.abort();
			await shown;
			await endDaemon();
			await rm(folder, {recursive: true});
		},
	};
}
