// SPDX-License-Identifier: MIT
import {systemClock} from '../../userland/daemon/clock.ts';
import {createLog} from '../../userland/daemon/log.ts';
import {createSlice} from '../../userland/slice.ts';
import {Work} from '../../userland/daemon/host/work.ts';
import {decidePair, prepare} from '../../userland/policy/match.ts';
import type {Domain} from '../../userland/xenstore/discover.ts';
import {manyRules, topologyOf} from './scene.ts';
import {macOf, nameOf} from './store.ts';

const host = '1 1 1000000000';

/** Deciding alone, in ms of CPU time: no XenStore, the steps are counted. */
export async function planned(guests: number, rules: number): Promise<Record<string, number>> {
	const policy = manyRules(rules);
	const domains = new Map(
		Array.from({length: guests + 1}, (_, domid) => [domid, domainOf(domid)] as const),
	);
	let steps = 0;
	const work = new Work({
		...{clock: systemClock(), log: createLog(() => {}), host},
		inventory: {
			domains,
			invalidate: () => {},
			update: () => false,
		},
		nodes: {add: () => {}, forget: () => {}},
		decide: (a, b) => decidePair(policy, a, b),
		isHeld: () => false,
		limitsOf: () => undefined,
		apply: list => (steps += list.length),
	});
	const vifs = new Set([...domains.values()].flatMap(each => each.vifs.map(vif => vif.device)));
	const context = {topology: topologyOf(guests), bypassed: () => undefined};
	const latest = {context, vifs};

	const start = process.cpuUsage();
	const lap = (since: NodeJS.CpuUsage) => {
		const {user, system} = process.cpuUsage(since);

		return (user + system) / 1000;
	};
	const nothing = {entered: [], left: [], changed: [], leftovers: []};
	await prepare(policy);
	work.change({...nothing, entered: [...domains.keys()]});
	work.take(latest);
	await run(work);
	const first = lap(start);
	const rss = process.memoryUsage.rss() / 2 ** 20;
	const announced = steps;

	const again = process.cpuUsage();
	domains.set(7, {...domainOf(7), name: 'another'});
	work.change({...nothing, changed: [7]});
	work.take(latest);
	await run(work);

	return {first, change: lap(again), steps: announced, changeSteps: steps - announced, rss};
}

async function run(work: Work): Promise<void> {
	const slice = createSlice();

	while (!work.isSettled) {
		const domid = work.nextToAdopt();
		if (domid !== undefined) {
			work.adopt(domid, {fromHost: new Map(), fromGuest: new Map(), mentioned: new Set()});
		}
		work.judgeAndPlan(slice.isOver);
		await slice.breathe();
	}
}

function domainOf(domid: number): Domain {
	const vif = {
		...{handle: 0, mac: macOf(domid), device: `vif${domid}.0`, state: 4},
		...{hasXdp: false, rate: undefined},
	};

	return {
		...{domid, name: nameOf(domid), uuid: undefined, vcpus: 1, host, foreignVifs: []},
		vifs: domid === 0 ? [] : [vif],
		hello: {min: 1, max: 1, features: 65_537},
	};
}
