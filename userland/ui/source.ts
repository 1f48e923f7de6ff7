// SPDX-License-Identifier: MIT
import type {Status, Want} from '../control/protocol.ts';
import {createGrowth} from '../control/growth.ts';
import {pairsOf, sceneOf, type Counts, type Scene, type ScenePair} from './scene.ts';

type Ask = (want: Want) => Promise<Status>;

/** What is told to everyone who looks: the scene, or why there is none. */
export type News = {readonly scene: Scene} | {readonly error: string; readonly hint: string};

export type Source = {
	/** Asks the daemon again and again while anyone listens; answers what ends that. */
	listen(hear: (news: News) => void): () => void;
	/** All pairs of one domain, refused ones too. */
	pairsOf(domid: number): Promise<ScenePair[]>;
};

const period = 2000;
/** The daemon asks XenStore twice for the counters of a pair: not above some hundred times a second. */
const perPair = 10;

const want: Want = {peers: 'unless-pairs', pairs: 'some', domains: true};

/** `ask` asks the daemon; one question is under way at a time. */
export function createSource(ask: Ask, now = () => performance.now() / 1000): Source {
	const listeners = new Set<(news: News) => void>();
	const rates = createGrowth<Counts>();
	let last: News | undefined;
	let timer: NodeJS.Timeout | undefined;
	let isAsking = false;
	let line: Promise<unknown> = Promise.resolve();

	const look = async () => {
		timer = undefined;
		isAsking = true;
		last = await read(() => ask(want).then(status => sceneOf(status, rates, now())));
		isAsking = false;
		rates.forget(now() - 60);
		listeners.forEach(hear => last && hear(last));
		const pairs = 'scene' in last ? last.scene.pairs.length : 0;
		if (listeners.size > 0) {
			timer = setTimeout(look, Math.max(period, pairs * perPair));
		}
	};

	return {
		listen(hear) {
			listeners.add(hear);
			if (last) {
				hear(last);
			}
			if (!timer && !isAsking) {
				void look();
			}

			return () => {
				listeners.delete(hear);
				if (listeners.size === 0) {
					clearTimeout(timer);
					[timer, last] = [undefined, undefined];
				}
			};
		},
		pairsOf(domid) {
			const names = [String(domid)];
			const asked = line.then(async () => {
				const status = await ask({peers: 'unless-pairs', pairs: 'some', names});

				/* One that does not know the question tells everything. */
				return pairsOf(status, createGrowth(), now()).filter(({a, b}) =>
					[a.domid, b.domid].includes(domid),
				);
			});
			line = asked.catch(() => {});

			return asked;
		},
	};
}

async function read(work: () => Promise<Scene>): Promise<News> {
	try {
		return {scene: await work()};
	} catch (error) {
		return describe(error);
	}
}

export function describe(error: unknown): {error: string; hint: string} {
	const hint = error instanceof Error && 'hint' in error ? error.hint : undefined;

	return {
		error: error instanceof Error ? error.message : String(error),
		hint: typeof hint === 'string' ? hint : '',
	};
}
