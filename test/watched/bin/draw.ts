// SPDX-License-Identifier: MIT
//
// make ui-picture: docs/ui.png, the page of `coloop ui` as the README shows it.
import {mkdir, writeFile} from 'node:fs/promises';
import {version} from '../../../userland/control/version.ts';
import type {Daemon, World} from '../../../userland/daemon/daemon.ts';
import {createStage} from '../../unit/daemon/_stage.ts';
import {startBrowser} from '../_browser.ts';
import {showHost} from '../_host.ts';

const names = ['web-1', 'web-2', 'app-1', 'app-2', 'db-1', 'cache-1', 'mail', 'build'];
const live: ReadonlyArray<readonly [number, number]> = [
	...([
		[1, 3],
		[2, 3],
		[2, 4],
		[3, 5],
		[4, 5],
	] as const),
	...([
		[3, 6],
		[0, 8],
	] as const),
];

const policy = `version: 1
pairs:
  - allow: [web-*, app-*]
  - allow: [app-*, db-1]
  - allow: [app-*, cache-1]
  - allow: [web-2, db-1]
  - allow: [Domain-0, build]
accept:
  - allow: '*'
`;

const stage = createStage();
const browser = await startBrowser();
const host = await showHost(stage, prepare);
/* Three hours after all that, by the clock of the stage. */
const before = `Date.now = () => ${stage.clock.unix() + 11_550} * 1000`;
const page = await browser.openPage(host.url, {width: 1200, height: 760, before});
const drawn = 'Number(document.body?.dataset.drawn ?? 0)';
await page.until('it is drawn', drawn);
for (let look = 0; look < 2; look++) {
	live.forEach(([a, b], index) => carry(a, b, 10 ** (8.6 - index * 0.45)));
	await stage.clock.advance(6000);
	await page.until('it moves', `${drawn} > ${(await page.eval<number>(drawn)) + 1}`);
}
await page.eval(`document.querySelector('#rows [data-key="p2 5"] button').click()`);
const png = await page.screenshot();
await mkdir('docs', {recursive: true});
await writeFile('docs/ui.png', png);
process.stdout.write(`docs/ui.png: ${png.length} bytes\n`);
await host.stop();
await browser.close();

async function prepare(): Promise<Daemon> {
	for (const [index, name] of names.entries()) {
		await stage.create(index + 1);
		await stage.xen.write(`/local/domain/${index + 1}/name`, name);
	}
	stage.bridge(7, 'xenbr1');
	stage.bridge(8, 'xenbr1');
	stage.rules.set('vif2.0,vif5.0', 'nft: table inet filter, chain forward, rule 4: drop');
	stage.setPolicy(0, policy);
	const daemon = stage.start(0, undefined, withVersion);
	names.slice(0, -2).forEach((_, index) => stage.start(index + 1));
	stage.start(8);
	for (const [a, b] of live) {
		await stage.connect(a, b);
	}
	await stage.clock.advance(6000);

	return daemon;
}

/** A module in memory is of no version. */
function withVersion(world: World): World {
	return {
		...world,
		async openKernel() {
			const kernel = await world.openKernel();

			return {
				...kernel,
				info: async () => ({...(await kernel.info()), moduleVersion: version}),
			};
		},
	};
}

function carry(a: number, b: number, bytes: number): void {
	const [there, back] = [bytes, bytes / 9].map(each => BigInt(Math.round(each)));
	stage
		.kernel(a)
		.carry(b, {txPackets: 1n, txBytes: there ?? 0n, rxPackets: 1n, rxBytes: back ?? 0n});
}
