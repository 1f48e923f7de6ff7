// SPDX-License-Identifier: MIT
import type {Daemon, Role} from '../../../userland/daemon/daemon.ts';
import {metered} from '../../../userland/metrics/metered.ts';
import {Metrics} from '../../../userland/metrics/metrics.ts';
import {createPage} from '../../../userland/metrics/page.ts';
import type {Stage} from '../daemon/_stage.ts';

export type Published = {
	readonly daemon: Daemon;
	page(): Promise<string>;
	/** The value of a sample as it stands on the page, e.g. `coloop_peers{state="live"}`. */
	value(sample: string): Promise<number | undefined>;
};

/** The real daemon of a domain of the stage, with metrics. */
export function startPublished(stage: Stage, domid: number, roles?: Role[]): Published {
	const metrics = new Metrics();
	let totals: ReturnType<typeof metered>['totals'] | undefined;
	const daemon = stage.start(domid, roles, world => {
		const meter = metered(world, metrics);
		totals = meter.totals;

		return meter.world;
	});
	if (totals === undefined) {
		throw new Error('the world was not asked for');
	}
	const page = createPage({metrics, totals, read: daemon.read, unix: stage.clock.unix});

	return {
		daemon,
		page,
		value: async sample => valueOf(await page(), sample),
	};
}

export function valueOf(page: string, sample: string): number | undefined {
	const line = page.split('\n').find(each => each.startsWith(`${sample} `));

	return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}
