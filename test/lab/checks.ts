// SPDX-License-Identifier: MIT
import {findCrashes, isFatal, type Crash} from './crash.ts';
import {LabError} from './errors.ts';
import {guestNames} from './guest-config.ts';
import type {Guest} from './guest.ts';
import type {Lab} from './lab.ts';

/** Looks before the test, and answers with what is to be done after it: complaints, if any. */
export type Check = (lab: Lab) => Promise<() => Promise<readonly string[]>>;

/** What every test must leave behind as it was; in this order. Add to it as the project grows. */
export const checks: Check[] = [
	unloads,
	balances,
	leavesNoNodes,
	leavesNoGrants,
	leavesNoPorts,
	leavesNothingUnreferenced,
];

/** The machines that run, dom0 first; whoever was paused goes on. */
export async function running(lab: Lab): Promise<Guest[]> {
	const {stdout} = await lab.dom0.run(
		`for d in $(xl list | awk 'NR > 2 {print $2}'); do xl unpause $d 2>/dev/null; xl domname $d; done`,
		{silent: true},
	);

	return [
		lab.dom0,
		...guestNames.flatMap(name => (stdout.split('\n').includes(name) ? [lab.get(name)] : [])),
	];
}

// Daemons and module go: everything after this sees what they leave.
async function unloads(lab: Lab) {
	return async () => {
		const complaints = await Promise.all(
			(await running(lab)).map(async machine => {
				const {status, stderr} = await machine.run(
					`pkill -x coloopd; while pgrep -x coloopd >/dev/null; do busybox usleep 100000; done
					if [ -d /sys/module/coloop ]; then rmmod coloop; fi`,
					{fails: 'maybe', silent: true},
				);

				return status === 0 ? [] : [`${machine.name}: coloop does not unload: ${stderr}`];
			}),
		);

		return complaints.flat();
	};
}

// Each "channel 3 created" has its "channel 3 destroyed" (dynamic debug on).
async function balances(lab: Lab) {
	return async () => {
		const complaints: string[] = [];
		for (const machine of await running(lab)) {
			const log = await machine.run('dmesg | grep coloop', {fails: 'maybe', silent: true});
			complaints.push(...unbalanced(log.stdout).map(each => `${machine.name}: ${each}`));
		}

		return complaints;
	};
}

/** Objects that a debug log saw created more often than destroyed, or the reverse. */
export function unbalanced(log: string): string[] {
	const alive = new Map<string, number>();

	for (const [, object = '', verb] of log.matchAll(/coloop\S*: (.*?) (created|destroyed)\b/g)) {
		alive.set(object, (alive.get(object) ?? 0) + (verb === 'created' ? 1 : -1));
	}

	return [...alive]
		.filter(([, count]) => count !== 0)
		.map(
			([object, count]) =>
				`${object}: ${Math.abs(count)} ${count > 0 ? 'not' : 'twice'} destroyed`,
		);
}

async function leavesNoNodes({dom0}: Lab) {
	return async () => {
		// A domain may go meanwhile; whether this has listed anything is looked at.
		const {stdout} = await dom0.run('xenstore-ls -f /local/domain', {
			fails: 'maybe',
			silent: true,
		});

		return ourNodes(stdout);
	};
}

/** Coloop's nodes in XenStore's listing of all domains. */
export function ourNodes(listing: string): string[] {
	const nodes = listing.split('\n');
	if (!nodes.some(node => node.startsWith('/local/domain/0/'))) {
		return [`XenStore does not list domain 0: ${listing.slice(0, 200)}`];
	}
	const ours = nodes.filter(node => /^\/local\/domain\/\d+\/(?:data\/)?coloop\b/.test(node));

	return ours.length === 0 ? [] : [`XenStore keeps nodes:\n${ours.join('\n')}`];
}

// Neither dying nor crashed: its backends are still there.
const alive = `xl list | awk 'NR > 2 && $5 !~ /[scd]/ {print $2}'`;

// Xen itself says which grants are in use. Its log is on the console already.
async function leavesNoGrants({dom0}: Lab) {
	return async () => {
		const {stdout: domains} = await dom0.run(alive, {silent: true});
		const {stdout} = await dom0.run('xl dmesg -c >/dev/null; xl debug-keys g; xl dmesg -c', {
			silent: true,
		});

		return [
			...unlistedGrants(stdout, domains.split('\n').filter(Boolean)),
			...foreignGrants(stdout),
		];
	};
}

/** Every guest grants its console and its interfaces to dom0: where none is listed, none was seen. */
export function unlistedGrants(listing: string, domains: readonly string[]): string[] {
	const owners = new Set(grantsIn(listing).map(({owner}) => owner));

	return domains
		.filter(domain => !owners.has(domain))
		.map(domain => `Xen lists no grant of domain ${domain}`);
}

/**
 * From Xen's grant table listing, the entries that only a channel can have in
 * use: a frontend grants to dom0, and dom0 grants nothing to anybody.
 */
export function foreignGrants(listing: string): string[] {
	return grantsIn(listing)
		.filter(({owner, mapper}) => mapper !== '0' || owner === '0')
		.map(
			({owner, mapper, line}) =>
				`domain ${mapper} has a grant of domain ${owner} in use: ${line}`,
		);
}

type InUse = {readonly owner: string; readonly mapper: string; readonly line: string};

function grantsIn(listing: string): InUse[] {
	let owner = '?';

	return listing.split('\n').flatMap(line => {
		owner = /grant-table for remote d(\d+)/.exec(line)?.[1] ?? owner;
		const mapper = /\[0x[\da-f]+\]\s+(\d+)\s+0x/.exec(line)?.[1];

		return mapper === undefined ? [] : [{owner, mapper, line: line.trim()}];
	});
}

// As many event channels in each domain as before: none of ours is left.
async function leavesNoPorts(lab: Lab) {
	const before = await ports(lab);

	return async () => {
		const after = await ports(lab);

		return [...after].flatMap(([domain, count]) =>
			count > (before.get(domain) ?? count)
				? [`domain ${domain} has ${count} event channels, had ${before.get(domain) ?? 0}`]
				: [],
		);
	};
}

async function ports({dom0}: Lab): Promise<ReadonlyMap<string, number>> {
	const {stdout} = await dom0.run(
		`for d in $(${alive}); do
			echo $d $(/usr/lib/xen-4*/bin/lsevtchn $d | wc -l)
		done`,
		{silent: true},
	);

	return parsePorts(stdout);
}

/** Every guest has event channels for XenStore and its console: where none is listed, none was seen. */
export function parsePorts(text: string): ReadonlyMap<string, number> {
	const counts = [...text.matchAll(/^(\d+) (\d+)$/gm)].map(
		([, domain = '', count]) => [domain, Number(count)] as const,
	);
	const blind = counts.filter(([, count]) => count === 0).map(([domain]) => domain);
	if (blind.length > 0) {
		throw new LabError(`no event channel listed of domain ${blind.join()}`);
	}

	return new Map(counts);
}

const kmemleak = '/sys/kernel/debug/kmemleak';

// Memory that nobody points to any more, as guests that watch see it. The kernel reports what is
// the same in two scans and older than five seconds, its MSECS_MIN_AGE; there is nothing to ask.
async function leavesNothingUnreferenced(lab: Lab) {
	return async () => {
		const complaints = (await running(lab)).map(async machine => {
			const {stdout} = await machine.run(
				`[ -f ${kmemleak} ] || exit 0
				sleep 5; echo scan >${kmemleak} && echo scan >${kmemleak} && cat ${kmemleak}`,
				{silent: true, timeout: 120_000},
			);

			return leaks(stdout).map(each => `${machine.name}: ${each}`);
		});

		return (await Promise.all(complaints)).flat();
	};
}

/** The reports of kmemleak, each with who allocated. */
export function leaks(report: string): string[] {
	return report.split(/^(?=unreferenced object)/m).filter(each => /^unref/.test(each));
}

/** Everything that a kernel or Xen complained of since the snapshot; each once. */
export async function findSplats(lab: Lab): Promise<Crash[]> {
	const found = findCrashes('xen', lab.consoleText);
	const look = async (machine: Guest, where: string, command: string) => {
		const log = await machine.run(command, {fails: 'maybe', silent: true, timeout: 60_000});
		found.push(...findCrashes(where, log.stdout));
		if (log.status !== 0) {
			found.push(unread(where, log.stderr));
		}
	};

	if (!isFatal(lab.consoleText)) {
		for (const machine of await running(lab)) {
			await look(machine, machine.name, 'dmesg');
		}
		for (const name of guestNames) {
			const kept = `/var/log/xen/guest-${name}.log`;
			await look(lab.dom0, name, `[ ! -f ${kept} ] || cat ${kept}`);
		}
	}

	return [...new Map(found.map(crash => [crash.fingerprint, crash])).values()];
}

// What cannot be read may say anything.
function unread(where: string, text: string): Crash {
	return {where, title: 'its log cannot be read', text, fingerprint: `unread ${where}`};
}
