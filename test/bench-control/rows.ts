// SPDX-License-Identifier: MIT
import {cpuOf, manyRules, memory, startScene, until} from './scene.ts';

export async function plan(guests: number, rules: number) {
	const scene = startScene(guests, manyRules(rules));
	const pairs = (guests * (guests + 1)) / 2;
	const first = await cpuOf(() =>
		until('all announced', () => scene.store.requests.writes >= 2 * pairs),
	);
	const firstBlocked = scene.blocked();
	const before = scene.store.requests.writes;
	const rename = await cpuOf(async () => {
		scene.store.rename(7, 'another');
		await until('renamed', () => scene.store.requests.writes >= before + 2 * guests);
	});
	console.log({
		first,
		firstBlocked,
		rename,
		blocked: scene.blocked(),
		rss: memory(),
		peak: process.resourceUsage().maxRSS / 1024,
	});
	await scene.stop();
}
await plan(Number(process.argv[2]), Number(process.argv[3]));
