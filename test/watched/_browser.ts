// SPDX-License-Identifier: MIT
//
// Debian's Chromium without a window, driven by the DevTools protocol over a pipe.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Readable, Writable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {until} from './_until.ts';

/* Its form differs from method to method. */
type Answer = Readonly<Record<string, unknown>>;

type Message = {
	readonly id?: number;
	readonly method?: string;
	readonly sessionId?: string;
	readonly params?: Answer;
	readonly result?: Answer;
	readonly error?: {readonly message: string};
};

export type Page = {
	/** What an expression is worth in the page; promises are waited for. */
	eval<T>(expression: string): Promise<T>;
	until(what: string, expression: string): Promise<void>;
	/** Presses and releases a key, as `ArrowRight`, `Enter`, `Tab` or a letter. */
	press(key: string, shift?: boolean): Promise<void>;
	send(method: string, params?: object): Promise<Answer>;
	/** Complaints of the console: errors, and what the policy for content kept off. */
	readonly complaints: string[];
	/** Every address that was asked for. */
	readonly requests: string[];
	screenshot(): Promise<Buffer>;
	close(): Promise<void>;
};

export type Browser = {
	/** Opens a page of that size, dark or light; none knows of another. */
	openPage(url: string, looks?: Looks): Promise<Page>;
	close(): Promise<void>;
};

/** `before`: what runs in the page before its own scripts. */
type Looks = {width?: number; height?: number; scheme?: 'light' | 'dark'; before?: string};

export async function startBrowser(): Promise<Browser> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-browser-'));
	const child = spawn(
		'chromium',
		[
			...['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe'],
			...['--disable-dev-shm-usage', '--no-first-run', '--disable-extensions'],
			...['--disable-background-networking', '--disable-component-update'],
			...['--force-prefers-reduced-motion', `--user-data-dir=${folder}`, 'about:blank'],
		],
		{stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: {...process.env, HOME: folder}},
	);
	const errors = child.stderr ? text(child.stderr as Readable) : Promise.resolve('');
	const exited = once(child, 'exit');
	const connection = connect(child.stdio[3] as Writable, child.stdio[4] as Readable);
	void exited.then(async () => connection.fail(new Error(`chromium ended: ${await errors}`)));

	return {
		openPage: (url, looks = {}) => openPage(connection, url, looks),
		async close() {
			await connection.send('Browser.close').catch(() => {});
			await exited;
			await rm(folder, {recursive: true, force: true, maxRetries: 5});
		},
	};
}

type Connection = ReturnType<typeof connect>;

async function openPage(
	browser: Connection,
	url: string,
	{width = 1280, height = 900, scheme = 'light', before = ''}: Looks,
): Promise<Page> {
	const {browserContextId} = await browser.send('Target.createBrowserContext');
	const {targetId} = await browser.send('Target.createTarget', {
		...{url: 'about:blank', browserContextId},
	});
	const {sessionId} = await browser.send('Target.attachToTarget', {targetId, flatten: true});
	const send = (method: string, params: object = {}) => browser.send(method, params, sessionId);
	const hear = (method: string, listener: (params: never) => void) =>
		browser.hear(`${sessionId} ${method}`, listener);
	const complaints: string[] = [];
	const requests: string[] = [];
	hear('Runtime.exceptionThrown', params => complaints.push(JSON.stringify(params)));
	hear('Log.entryAdded', params => complaints.push(JSON.stringify(params)));
	hear('Network.requestWillBeSent', ({request}: {request: {url: string}}) =>
		requests.push(request.url),
	);
	for (const domain of ['Page', 'Runtime', 'Log', 'Network']) {
		await send(`${domain}.enable`);
	}
	await send('Emulation.setDeviceMetricsOverride', {
		...{width, height, deviceScaleFactor: 1, mobile: false},
	});
	await send('Emulation.setEmulatedMedia', {
		features: [{name: 'prefers-color-scheme', value: scheme}],
	});
	const page: Page = {
		...{send, complaints, requests},
		async eval(expression) {
			const {result, exceptionDetails} = (await send('Runtime.evaluate', {
				...{expression, awaitPromise: true, returnByValue: true},
			})) as {result: {value: never}; exceptionDetails?: object};
			if (exceptionDetails) {
				throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
			}

			return result.value;
		},
		until: (what, expression) => until(what, () => page.eval(`Boolean(${expression})`)),
		async press(key, shift = false) {
			const typed = key.length === 1 ? {text: key} : key === 'Enter' ? {text: '\r'} : {};
			const [windowsVirtualKeyCode, code] = [codes[key] ?? key.charCodeAt(0), key];
			const event = {...{key, code, windowsVirtualKeyCode}, modifiers: shift ? 8 : 0};
			await send('Input.dispatchKeyEvent', {type: 'keyDown', ...event, ...typed});
			await send('Input.dispatchKeyEvent', {type: 'keyUp', ...event});
		},
		async screenshot() {
			const {data} = await send('Page.captureScreenshot', {format: 'png'});

			return Buffer.from(String(data), 'base64');
		},
		async close() {
			await browser.send('Target.disposeBrowserContext', {browserContextId});
		},
	};
	await send('Page.addScriptToEvaluateOnNewDocument', {source: before});
	await send('Page.navigate', {url});
	await page.until(
		'the page is there',
		`document.readyState === 'complete' && location.href !== 'about:blank'`,
	);

	return page;
}

/** Of keys that are no letters; what is pressed is told by it. */
/** x */

const codes: Readonly<Record<string, number>> = {
	...{Tab: 9, Enter: 13, Escape: 27, ' ': 32, End: 35, Home: 36},
	...{ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, '/': 191},
};

function connect(to: Writable, from: Readable) {
	type Pending = {resolve(result: Answer): void; reject(error: Error): void};
	const pending = new Map<number, Pending>();
	const listeners = new Map<string, (params: never) => void>();
	let lastId = 0;
	let rest = '';
	const take = ({id = 0, method = '', sessionId, params, result, error}: Message) => {
		const asked = pending.get(id);
		pending.delete(id);
		if (error) {
			asked?.reject(new Error(error.message));
		}
		asked?.resolve(result ?? {});
		listeners.get(`${sessionId} ${method}`)?.(params as never);
	};
	from.setEncoding('utf8');
	from.on('data', (chunk: string) => {
		const parts = (rest + chunk).split('\0');
		rest = parts.pop() ?? '';
		parts.forEach(part => take(JSON.parse(part)));
	});
	to.on('error', () => {});

	return {
		/** `what`: the session and the method. */
		hear: (what: string, listener: (params: never) => void) =>
			void listeners.set(what, listener),
		fail(error: Error) {
			pending.forEach(({reject}) => reject(error));
			pending.clear();
		},
		send: (method: string, params: object = {}, sessionId?: unknown) =>
			new Promise<Answer>((resolve, reject) => {
				const id = ++lastId;
				pending.set(id, {resolve, reject});
				to.write(`${JSON.stringify({id, method, params, sessionId})}\0`);
			}),
	};
}
